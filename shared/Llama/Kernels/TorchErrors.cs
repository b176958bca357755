using System.Runtime.InteropServices;

namespace Serverless.Llama.Kernels;

/// <summary>Classifies errors of libtorch.</summary>
public static class TorchErrors
{
    /// <summary>Whether memory ran out, so that a smaller micro-batch may succeed.</summary>
    // TorchSharp passes on only the message of libtorch's error: CUDA's "out of memory", the CPU allocator's "can't allocate memory: you tried to
    // allocate 6144000 bytes", or the C++ library's bad_alloc.
    public static bool IsOutOfMemory(ExternalException exception) =>
        exception.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) ||
        exception.Message.Contains("you tried to allocate", StringComparison.Ordinal) ||
        exception.Message.Contains("bad_alloc", StringComparison.Ordinal);
}
