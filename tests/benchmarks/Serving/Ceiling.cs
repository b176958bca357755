using System.Diagnostics;
using Serverless.Llama.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>
/// The limit of the processor: products of large matrices with the same library, with plain or packed weights, whichever is faster.
/// </summary>
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

    /// <summary>The shortest time of some products of one shape; bytes need a processor with VNNI, as the model does.</summary>
    public static TimeSpan Time((long Outputs, long Inputs) shape, int tokens, bool bytes)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var type = bytes ? int8 : bfloat16;
        var x = (randn(tokens, shape.Inputs) * 40).to(type);
        var weight = (randn(shape.Outputs, shape.Inputs) * 40).to(type);
        if (!bytes)
        {
            if (!CpuFeatures.HasBFloat16)
            {
                return Best(() => nn.functional.linear(x, weight));
            }

            var packed = OneDnn.Pack(weight);
            return Best(() => nn.functional.linear(x, weight), () => OneDnn.Linear(x, packed));
        }

        var (packedBytes, codes) = (OneDnn.PackInt8(weight), x.to(uint8));
        var (one, zero, scales, zeros) = (ones(1), torch.zeros(1, int32), ones(shape.Outputs), torch.zeros(shape.Outputs, int32));
        return Best(
            () => Script.Value.invoke<Tensor>("product", x, weight),
            () => OneDnn.LinearInt8(codes, one, zero, packedBytes, scales, zeros, bfloat16));
    }

    private static TimeSpan Best(params Func<Tensor>[] products)
    {
        var best = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < Attempts * products.Length; attempt++)
        {
            var begin = Stopwatch.GetTimestamp();
            using var y = products[attempt % products.Length]();
            var elapsed = Stopwatch.GetElapsedTime(begin);
            best = elapsed < best ? elapsed : best;
        }

        return best;
    }
}
