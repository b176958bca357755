using Serverless.Llama.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Kernels;

public sealed class QuantizedActivationsTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Generator generator = new(3);

    public void Dispose()
    {
        generator.Dispose();
        scope.Dispose();
    }

    [Theory]
    [InlineData(ScalarType.Float32, 256)]
    [InlineData(ScalarType.BFloat16, 256)]
    [InlineData(ScalarType.Float32, 45)] // not whole vectors
    [InlineData(ScalarType.BFloat16, 45)]
    public void A_code_times_its_scale_is_the_value_within_half_a_step(ScalarType type, int width)
    {
        var x = (randn(5, width, generator: generator) * tensor(new[] { 1e-3f, 1, 7, 1e4f, 0 }).unsqueeze(1)).to(type);

        var (codes, scales) = QuantizedActivations.Quantize(x);

        var error = ((codes.to(float32) - QuantizedActivations.ZeroPoint) * scales - x.to(float32)).abs();
        Assert.True((error <= scales * 0.5001).all().item<bool>(), $"{(error / scales).max().item<float>()} of a step");
        Assert.Equal(scales.data<float>().ToArray(), scales.to(bfloat16).to(float32).data<float>().ToArray());
    }

    [Fact]
    public void The_largest_value_of_a_token_takes_nearly_the_largest_code()
    {
        var (codes, _) = QuantizedActivations.Quantize(tensor(new float[,] { { 0.5f, -3, 1 }, { 2, 0, -1 } }));

        Assert.InRange(codes[0, 1].item<byte>(), QuantizedActivations.ZeroPoint - 127, QuantizedActivations.ZeroPoint - 126);
        Assert.InRange(codes[1, 0].item<byte>(), QuantizedActivations.ZeroPoint + 126, QuantizedActivations.ZeroPoint + 127);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_value_that_is_not_finite_shows_in_the_scale(float value)
    {
        var x = ones(1, 64);
        x[0, 20] = value;

        Assert.False(float.IsFinite(QuantizedActivations.Quantize(x).Scales.item<float>()));
    }
}
