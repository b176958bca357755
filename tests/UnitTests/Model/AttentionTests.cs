using Serverless.Model;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Model;

public sealed class AttentionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Batched_products_for_training_in_bf16_attend_as_the_fused_call_does(bool causal)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var (q, k, v) = (Heads(), Heads(), Heads());
        Tensor Heads() => randn([3, 2, 17, 8], float32, generator: generator).to(bfloat16);

        var fused = Attention.Forward(q, k, v, causal);
        var products = Attention.Forward(q.detach().requires_grad_(true), k, v, causal);

        Assert.True(allclose(fused.to(float32), products.to(float32), rtol: 2e-2, atol: 2e-2)); // bf16 keeps 8 bits
    }
}
