using Serverless.Llama.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>The device to compute on, and the data type of the frozen weights.</summary>
internal sealed record Hardware(Device Device, ScalarType Type)
{
    // Ampere, the first generation with bf16 tensor cores. A T4 has 7.5.
    private static readonly Version BFloat16Since = new(8, 0);

    /// <param name="precision">auto, bf16, fp16 or fp32.</param>
    public static Hardware Choose(string precision) => cuda.is_available()
        ? new Hardware(CUDA, TypeFor(precision, CudaDriver.ComputeCapability))
        : new Hardware(CPU, TypeFor(precision, computeCapability: null));

    /// <param name="precision">auto, bf16, fp16 or fp32.</param>
    /// <param name="computeCapability">Returns the compute capability of the GPU; null without a GPU.</param>
    internal static ScalarType TypeFor(string precision, Func<Version>? computeCapability) => precision switch
    {
        "bf16" => ScalarType.BFloat16,
        "fp16" => ScalarType.Float16,
        "fp32" => ScalarType.Float32,
        _ when computeCapability is null => TorchRuntime.CpuType,
        _ => computeCapability() >= BFloat16Since ? ScalarType.BFloat16 : ScalarType.Float16,
    };

    /// <summary>Bytes of GPU memory in use; null on a CPU.</summary>
    public long? UsedMemory() => Device.type == DeviceType.CUDA ? CudaDriver.UsedMemory() : null;

    /// <summary>The value of <c>--precision</c> for <see cref="Type"/>.</summary>
    public string Precision => Type switch
    {
        ScalarType.BFloat16 => "bf16",
        ScalarType.Float16 => "fp16",
        _ => "fp32",
    };

    public override string ToString()
    {
        var threads = get_num_threads();
        var device = Device.type == DeviceType.CUDA ? "GPU" : $"CPU, {threads} {(threads == 1 ? "thread" : "threads")}";
        return $"{device}, {Precision}";
    }
}
