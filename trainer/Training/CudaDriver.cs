using System.Runtime.InteropServices;

namespace Serverless.Trainer.Training;

/// <summary>Calls of the CUDA Driver API (libcuda) for GPU properties that TorchSharp does not expose.</summary>
internal static partial class CudaDriver
{
    private const string Library = "libcuda.so.1";
    private const int ComputeCapabilityMajor = 75; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
    private const int ComputeCapabilityMinor = 76;

    /// <summary>The compute capability of the first GPU, for example 7.5 (T4), 8.0 (A100) or 9.0 (H100).</summary>
    /// <exception cref="UserException">The driver returns an error.</exception>
    public static Version ComputeCapability()
    {
        Check(Init(0));
        Check(DeviceGet(out var device, 0));
        Check(DeviceGetAttribute(out var major, ComputeCapabilityMajor, device));
        Check(DeviceGetAttribute(out var minor, ComputeCapabilityMinor, device));
        return new Version(major, minor);
    }

    /// <summary>Bytes in use on the calling thread's current GPU, by all processes; null if the thread has not used a GPU yet.</summary>
    public static long? UsedMemory() => MemGetInfo(out var free, out var total) == 0 ? (long)(total - free) : null;

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new UserException($"The NVIDIA driver returned error {result}. Set --precision: fp16 for a T4, bf16 for newer GPUs.");
        }
    }

    [LibraryImport(Library, EntryPoint = "cuInit")]
    private static partial int Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    private static partial int DeviceGet(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    private static partial int DeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    private static partial int MemGetInfo(out nuint free, out nuint total);
}
