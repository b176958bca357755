using System.Runtime.InteropServices;
using TorchSharp;

namespace Serverless.Llama.Kernels;

/// <summary>The native library behind the model: loaded and set once a process, first thing in <c>Main</c>.</summary>
public static partial class TorchRuntime
{
    /// <summary>
    /// The type to compute in on this processor: bf16 where it has instructions for it (4 to 5 times the speed of fp32 there),
    /// fp32 elsewhere.
    /// </summary>
    public static torch.ScalarType CpuType { get; } = CpuFeatures.HasBFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;

    /// <summary>Loads libtorch and sets its threads.</summary>
    /// <param name="threads">Null for all cores on a machine with up to two, else all but one, which is left to answer requests.</param>
    /// <param name="training">Whether nearly every pass has a number of tokens that was not seen before.</param>
    /// <exception cref="InvalidOperationException">The library cannot be loaded; says in one sentence what is missing.</exception>
    public static void Initialize(int? threads = null, bool training = false)
    {
        Prepare(threads, training);
        Load(threads);
    }

    /// <summary>The same for serving, beside other work: it takes a quarter of a second. Nothing may be computed, and no classifier made, before it has ended.</summary>
    public static Task InitializeAsync(int? threads = null)
    {
        Prepare(threads, training: false); // here, since the environment of a process is for one thread at a time
        return Task.Run(() => Load(threads));
    }

    private static void Prepare(int? threads, bool training)
    {
        if (threads is < 1)
        {
            throw new InvalidOperationException($"The setting Classifier__TorchThreads is '{threads}'; it must be 1 or more.");
        }

        SetPassiveWaitPolicy();
        RetainFreedMemory();
        if (training)
        {
            LimitKernelCaches();
        }
    }

    private static void Load(int? threads)
    {
        try
        {
            torch.set_num_threads(threads ?? (Environment.ProcessorCount <= 2 ? Environment.ProcessorCount : Environment.ProcessorCount - 1));
        }
        catch (Exception exception) when (exception is DllNotFoundException or NotSupportedException or TypeInitializationException or EntryPointNotFoundException)
        {
            throw new InvalidOperationException($"The model's native library cannot be loaded: {DescribeLoadError(exception)}", exception);
        }
    }

    /// <summary>From now on no operation that the calling thread asks for is spread over others.</summary>
    internal static void DisableIntraOpParallelism()
    {
        torch.get_num_threads(); // libtorch gives a thread its own number when it first asks, over what was set before
        SetOpenMPThreads(1);
        _ = SetMklThreads(1);
    }

    internal static string DescribeLoadError(Exception exception) => exception.ToString() switch
    {
        _ when !OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 =>
            "it runs on Linux x64 only (on Windows use WSL 2).",
        var text when text.Contains("GLIBCXX", StringComparison.Ordinal) || text.Contains("CXXABI", StringComparison.Ordinal) =>
            "libstdc++ is too old, GLIBCXX_3.4.32 (GCC 13) is missing; use Ubuntu 24.04, Debian 13 or later.",
        var text when text.Contains("libgomp", StringComparison.Ordinal) =>
            "libgomp.so.1 is missing; install the package libgomp1.",
        _ => exception.GetBaseException().Message,
    };

    // OpenMP threads spin while they wait for each other. Two programs on the same cores (functions and a training) then
    // starve one another: 18 training steps took over 100 s beside other work, and 12 s with threads that sleep.
    // libgomp reads the variable when it is loaded; one that is set already is left alone.
    private static void SetPassiveWaitPolicy()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetEnvironment("OMP_WAIT_POLICY", "passive", overwrite: 0);
        }
    }

    // A pass allocates and frees buffers of megabytes all the time. glibc hands those back to the system at once and takes them
    // anew, and the system clears each page again: pretraining took twice as long. So large blocks come from the heap too
    // (32 MiB is the most that glibc allows), and the heap shrinks only when more than this lies free at its end.
    private static void RetainFreedMemory()
    {
        const int trimThreshold = -1, mmapThreshold = -3; // M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
        if (OperatingSystem.IsLinux())
        {
            _ = SetAllocator(mmapThreshold, 32 << 20);
            _ = SetAllocator(trimThreshold, 512 << 20);
        }
    }

    // oneDNN, and libtorch above it, keep a compiled kernel for each shape that they met, 1,024 each: good for serving, where
    // shapes come back, and 300 MB after a dozen steps of a training, where they do not. One step needs fewer than these.
    private static void LimitKernelCaches()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetEnvironment("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128", overwrite: 0);
            _ = SetEnvironment("LRU_CACHE_CAPACITY", "128", overwrite: 0);
        }
    }

    // Environment.SetEnvironmentVariable changes .NET's own copy only; native libraries do not see it.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    // Both are looked up in libtorch and in what it has loaded.
    [LibraryImport("libtorch_cpu", EntryPoint = "omp_set_num_threads")]
    private static partial void SetOpenMPThreads(int count);

    [LibraryImport("libtorch_cpu", EntryPoint = "MKL_Set_Num_Threads_Local")]
    private static partial int SetMklThreads(int count);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocator(int parameter, int value);
}
