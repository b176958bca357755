using System.Runtime.InteropServices;

namespace Serverless.Llama.Kernels;

/// <summary>The error of libtorch that smaller passes may mend.</summary>
public static class TorchErrors
{
    // libtorch has an error type for this, of which TorchSharp passes on the words alone: CUDA's "out of memory", the CPU
    // allocator's "can't allocate memory: you tried to allocate 6144000 bytes", the C++ library's bad_alloc.
    public static bool IsOutOfMemory(ExternalException exception) =>
        exception.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) ||
        exception.Message.Contains("you tried to allocate", StringComparison.Ordinal) ||
        exception.Message.Contains("bad_alloc", StringComparison.Ordinal);
}
