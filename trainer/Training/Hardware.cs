using Serverless.Llama.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>Where to compute, and in which type the frozen weights are kept there.</summary>
internal sealed record Hardware(Device Device, ScalarType Type)
{
    // Ampere: the first generation with matrix units for bf16. A T4 is 7.5.
    private static readonly Version BFloat16Since = new(8, 0);

    /// <param name="precision">auto, bf16, fp16 or fp32.</param>
    public static Hardware Choose(string precision) => cuda.is_available()
        ? new Hardware(CUDA, TypeFor(precision, CudaDriver.ComputeCapability))
        : new Hardware(CPU, TypeFor(precision, computeCapability: null));

    /// <param name="precision">auto, bf16, fp16 or fp32.</param>
    /// <param name="computeCapability">Asks the GPU for its generation; null without a GPU.</param>
    internal static ScalarType TypeFor(string precision, Func<Version>? computeCapability) => precision switch
    {
        "bf16" => ScalarType.BFloat16,
        "fp16" => ScalarType.Float16,
        "fp32" => ScalarType.Float32,
        _ when computeCapability is null => TorchRuntime.CpuType,
        _ => computeCapability() >= BFloat16Since ? ScalarType.BFloat16 : ScalarType.Float16,
    };

    /// <summary>Bytes of the GPU's memory that are in use; null on a CPU.</summary>
    public long? UsedMemory() => Device.type == DeviceType.CUDA ? CudaDriver.UsedMemory() : null;

    /// <summary>As <c>--precision</c> calls it.</summary>
    public string Precision => Type switch
    {
        ScalarType.BFloat16 => "bf16",
        ScalarType.Float16 => "fp16",
        _ => "fp32",
    };

    public override string ToString() => $"{(Device.type == DeviceType.CUDA ? "GPU" : $"CPU, {get_num_threads()} {(get_num_threads() == 1 ? "thread" : "threads")}")}, {Precision}";
}
