using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>What the processor can do: products of large matrices by the same library, and nothing around them.</summary>
internal static class Ceiling
{
    private const int Attempts = 3;

    private static readonly Lazy<jit.CompilationUnit> Script = new(() => jit.compile("""
        def product(x: Tensor, weight: Tensor):
            return torch._int_mm(x, weight.t())

        """));

    /// <summary>The best rate among the given shapes, in operations a second.</summary>
    /// <param name="shapes">Outputs and inputs.</param>
    /// <param name="tokens">Rows of the input.</param>
    /// <param name="bytes">int8 instead of bf16.</param>
    public static double Rate(IEnumerable<(long Outputs, long Inputs)> shapes, int tokens, bool bytes) => shapes.Distinct()
        .Max(shape => 2.0 * tokens * shape.Outputs * shape.Inputs / Time(shape, tokens, bytes).TotalSeconds);

    /// <summary>The best of a few products of one shape.</summary>
    public static TimeSpan Time((long Outputs, long Inputs) shape, int tokens, bool bytes)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var type = bytes ? int8 : bfloat16;
        var x = (randn(tokens, shape.Inputs) * 40).to(type);
        var weight = (randn(shape.Outputs, shape.Inputs) * 40).to(type);
        var best = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var begin = Stopwatch.GetTimestamp();
            using var y = bytes ? Script.Value.invoke<Tensor>("product", x, weight) : nn.functional.linear(x, weight);
            var elapsed = Stopwatch.GetElapsedTime(begin);
            best = elapsed < best ? elapsed : best;
        }

        return best;
    }
}
