using System.Runtime.InteropServices;
using TorchSharp;

namespace Serverless.Llama.Kernels;

/// <summary>Loads and configures libtorch, once per process, at the start of <c>Main</c>.</summary>
public static partial class TorchRuntime
{
    /// <summary>
    /// The data type to compute in on this processor: bf16 if it has instructions for it (4 to 5 times the speed of fp32), otherwise fp32.
    /// </summary>
    public static torch.ScalarType CpuType { get; } = CpuFeatures.HasBFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;

    /// <summary>Loads libtorch and sets its number of threads.</summary>
    /// <param name="threads">Number of threads. Null: all cores of a machine with one or two, otherwise all but one, which is left for requests.</param>
    /// <param name="training">Whether this is a training process, in which nearly every pass has a new number of tokens.</param>
    /// <exception cref="InvalidOperationException">The library cannot be loaded; the message says in one sentence what is missing.</exception>
    public static void Initialize(int? threads = null, bool training = false)
    {
        Prepare(threads, training);
        Load(threads);
    }

    /// <summary>
    /// Loads libtorch for serving on another thread, which takes a quarter of a second. No tensor and no classifier may be created before the
    /// task has completed.
    /// </summary>
    /// <inheritdoc cref="Initialize"/>
    public static Task InitializeAsync(int? threads = null)
    {
        Prepare(threads, training: false); // on the calling thread: setting environment variables is not thread-safe
        return Task.Run(() => Load(threads));
    }

    internal static string DescribeLoadError(Exception exception) => exception.ToString() switch
    {
        _ when !OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 =>
            "it supports only Linux x64 (on Windows use WSL 2).",
        var text when text.Contains("GLIBCXX", StringComparison.Ordinal) || text.Contains("CXXABI", StringComparison.Ordinal) =>
            "libstdc++ is too old, GLIBCXX_3.4.32 (GCC 13) is missing; use Ubuntu 24.04, Debian 13 or later.",
        var text when text.Contains("libgomp", StringComparison.Ordinal) =>
            "libgomp.so.1 is missing; install the package libgomp1.",
        _ => exception.GetBaseException().Message,
    };

    /// <summary>Operations of the calling thread use one core from now on.</summary>
    internal static void DisableIntraOpParallelism()
    {
        torch.get_num_threads(); // the first call on a thread resets its number of threads, so it comes first
        SetOpenMPThreads(1);
        _ = SetMklThreads(1);
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
            var cores = Environment.ProcessorCount;
            torch.set_num_threads(threads ?? (cores <= 2 ? cores : cores - 1));
        }
        catch (Exception exception) when (
            exception is DllNotFoundException or NotSupportedException or TypeInitializationException or EntryPointNotFoundException)
        {
            throw new InvalidOperationException($"The model's native library cannot be loaded: {DescribeLoadError(exception)}", exception);
        }
    }

    // By default, OpenMP threads spin while they wait for each other, so two processes on the same cores (functions and trainer) block each other:
    // 18 training steps took over 100 s beside other work, and 12 s with threads that sleep. libgomp reads the variable when it is loaded; a
    // value that is already set is kept.
    private static void SetPassiveWaitPolicy()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetEnvironment("OMP_WAIT_POLICY", "passive", overwrite: 0);
        }
    }

    // A pass allocates and frees buffers of megabytes all the time. By default, glibc returns each to the system at once, and the system clears
    // every page of the next one: pretraining took twice as long. So large blocks come from the heap too (32 MiB is glibc's limit), and the
    // heap shrinks only when more than 512 MiB are free at its end.
    private static void RetainFreedMemory()
    {
        const int trimThreshold = -1, mmapThreshold = -3; // M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
        if (OperatingSystem.IsLinux())
        {
            _ = SetAllocator(mmapThreshold, 32 << 20);
            _ = SetAllocator(trimThreshold, 512 << 20);
        }
    }

    // oneDNN and libtorch each cache up to 1,024 compiled kernels, one per shape. That is good for serving, where shapes recur, but takes 300 MB
    // after a dozen training steps, where they do not. One step needs fewer than 128.
    private static void LimitKernelCaches()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetEnvironment("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128", overwrite: 0);
            _ = SetEnvironment("LRU_CACHE_CAPACITY", "128", overwrite: 0);
        }
    }

    // Environment.SetEnvironmentVariable changes only .NET's copy, which native libraries do not see.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    // Both symbols are found in libtorch and the libraries that it loads.
    [LibraryImport("libtorch_cpu", EntryPoint = "omp_set_num_threads")]
    private static partial void SetOpenMPThreads(int count);

    [LibraryImport("libtorch_cpu", EntryPoint = "MKL_Set_Num_Threads_Local")]
    private static partial int SetMklThreads(int count);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocator(int parameter, int value);
}
