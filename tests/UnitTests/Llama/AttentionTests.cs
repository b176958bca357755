using Serverless.Llama;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

public sealed class AttentionTests
{
    [Theory]
    [InlineData(true, 3)]
    [InlineData(true, 300)]
    [InlineData(false, 3)]
    [InlineData(false, 300)]
    public void In_training_in_bf16_small_and_large_runs_attend_as_in_inference(bool causal, int sequences)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var (q, k, v) = (Heads(), Heads(), Heads());
        Tensor Heads() => randn([sequences, 8, 17, 32], float32, generator: generator).to(bfloat16);

        var inference = Attention.Forward(q, k, v, causal);
        var training = Attention.Forward(q.detach().requires_grad_(true), k, v, causal);

        Assert.True(allclose(inference.to(float32), training.to(float32), rtol: 2e-2, atol: 2e-2)); // bf16 keeps 8 bits
    }
}
