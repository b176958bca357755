using Serverless.Llama.Kernels;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Training;

public sealed class HardwareTests
{
    [Theory]
    [InlineData("6.1", ScalarType.Float16)]
    [InlineData("7.5", ScalarType.Float16)] // T4
    [InlineData("8.0", ScalarType.BFloat16)] // A100
    [InlineData("12.0", ScalarType.BFloat16)]
    public void A_GPU_computes_in_bf16_from_its_eighth_generation_on_and_in_fp16_before(string generation, ScalarType expected) =>
        Assert.Equal(expected, Hardware.TypeFor("auto", () => Version.Parse(generation)));

    [Fact]
    public void A_CPU_computes_in_the_type_that_it_has_instructions_for() =>
        Assert.Equal(TorchRuntime.CpuType, Hardware.TypeFor("auto", computeCapability: null));

    [Theory]
    [InlineData("bf16", ScalarType.BFloat16)]
    [InlineData("fp16", ScalarType.Float16)]
    [InlineData("fp32", ScalarType.Float32)]
    public void A_precision_that_is_asked_for_is_taken_and_the_driver_left_alone(string precision, ScalarType expected) =>
        Assert.Equal(expected, Hardware.TypeFor(precision, () => throw new InvalidOperationException("asked")));
}
