using System.Runtime.InteropServices;

namespace Serverless.Trainer.Progress;

/// <summary>
/// How much memory of the first NVIDIA GPU is in use, as <c>nvidia-smi</c> tells it, from the library behind it
/// (https://docs.nvidia.com/deploy/nvml-api). TorchSharp has no call for it.
/// </summary>
internal static partial class GpuMemory
{
    private static readonly Lazy<nint?> Device = new(Open);

    /// <summary>Bytes in use by all processes; null where there is no such GPU.</summary>
    public static long? Used() => Device.Value is { } device && MemoryInfo(device, out var memory) == 0 ? (long)memory.Used : null;

    private static nint? Open()
    {
        try
        {
            return Initialise() == 0 && HandleOf(0, out var device) == 0 ? device : null;
        }
        catch (Exception absent) when (absent is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libnvidia-ml.so.1", EntryPoint = "nvmlInit_v2")]
    private static partial int Initialise();

    [LibraryImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    private static partial int HandleOf(uint index, out nint device);

    [LibraryImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static partial int MemoryInfo(nint device, out Memory memory);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Memory
    {
        public readonly ulong Total;
        public readonly ulong Free;
        public readonly ulong Used;
    }
}
