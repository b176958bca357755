using Serverless.Llama.Lora;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Lora;

public sealed class LoraDropoutTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 0.1)]
    [InlineData(ScalarType.BFloat16, 0.1)]
    [InlineData(ScalarType.BFloat16, 0.5)]
    public void It_zeroes_its_share_and_scales_up_the_rest(ScalarType type, double share)
    {
        using var scope = NewDisposeScope();
        var dropped = LoraDropout.Create(CPU, type, seed: 1).Apply(ones([999, 101], type), share).to(float32).data<float>().ToArray();

        Assert.Equal(share, dropped.Count(value => value == 0) / (double)dropped.Length, 0.005);
        Assert.All(dropped.Where(value => value != 0), value => Assert.Equal(1 / (1 - share), value, 0.004)); // bf16 keeps 8 bits
    }

    [Fact]
    public void Zeros_are_spread_evenly_over_rows_and_columns()
    {
        using var scope = NewDisposeScope();
        var zeros = LoraDropout.Create(CPU, ScalarType.BFloat16, seed: 1).Apply(ones([2000, 96], bfloat16), 0.25).eq(0).to(float32);

        Assert.All(zeros.mean([0]).data<float>().ToArray(), share => Assert.Equal(0.25, share, 0.06)); // six standard deviations
        Assert.All(zeros.mean([1]).data<float>().ToArray(), share => Assert.Equal(0.25, share, 0.27));
    }

    [Fact]
    public void The_same_seed_gives_the_same_zeros_and_no_two_calls_do()
    {
        using var scope = NewDisposeScope();
        var x = randn([50, 33]);
        var (once, again) = (LoraDropout.Create(CPU, ScalarType.Float32, seed: 7), LoraDropout.Create(CPU, ScalarType.Float32, seed: 7));

        var (first, second) = (once.Apply(x, 0.3), once.Apply(x, 0.3));

        Assert.True(equal(first, again.Apply(x, 0.3)).all().item<bool>());
        Assert.True(equal(second, again.Apply(x, 0.3)).all().item<bool>());
        Assert.False(equal(first, second).all().item<bool>());
        Assert.False(equal(first, LoraDropout.Create(CPU, ScalarType.Float32, seed: 8).Apply(x, 0.3)).all().item<bool>());
    }
}
