using Serverless.Serving;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>Where to compute, and in which type the frozen weights are kept there.</summary>
internal sealed record Hardware(Device Device, ScalarType Type)
{
    /// <param name="precision">auto, bf16, fp16 or fp32.</param>
    public static Hardware Choose(string precision)
    {
        var device = cuda.is_available() ? CUDA : CPU;
        return new Hardware(device, precision switch
        {
            "bf16" => ScalarType.BFloat16,
            "fp16" => ScalarType.Float16,
            "fp32" => ScalarType.Float32,
            // fp16 runs on every GPU that this libtorch knows, bf16 only on those newer than the T4.
            _ when device.type == DeviceType.CUDA => ScalarType.Float16,
            _ => TorchRuntime.CpuType,
        });
    }

    public override string ToString() => $"{(Device.type == DeviceType.CUDA ? "GPU" : $"CPU, {get_num_threads()} threads")}, {Type switch
    {
        ScalarType.BFloat16 => "bf16",
        ScalarType.Float16 => "fp16",
        _ => "fp32",
    }}";
}
