using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.Llama.Lora;

/// <summary>
/// Linear layers that read the same input: keys and values, or gate and up. They are trained and loaded one by one;
/// once merged they are one weight and one product.
/// </summary>
public sealed class FusedLinear : IDisposable
{
    private const long ChunkElements = 1 << 19; // elements in fp32 that stay in a core's cache from widening to rounding

    private readonly LoraLinear[] parts;
    private readonly long[] outputs;
    private readonly long inputs;
    private MergedWeight? merged;

    public FusedLinear(params LoraLinear[] parts)
    {
        this.parts = parts;
        outputs = [.. parts.Select(part => part.Weight.shape[0])];
        inputs = parts[0].Weight.shape[1];
    }

    /// <summary>In the order of their results.</summary>
    public IReadOnlyList<LoraLinear> Parts => parts;

    /// <param name="x"><c>[tokens, in]</c></param>
    /// <param name="dropout">What drops the updates' input at random in training; null otherwise.</param>
    /// <returns>For each part <c>[tokens, out]</c>, in the type of <paramref name="x"/>; views of one product when merged.</returns>
    public Tensor[] Forward(Tensor x, LoraDropout? dropout = null)
    {
        if (merged is null)
        {
            return [.. parts.Select(part => part.Forward(x, dropout))];
        }

        var y = merged.Multiply(x);
        var results = parts.Length == 1 ? [y] : y.split(outputs, -1);
        foreach (var (part, result) in parts.Zip(results))
        {
            if (part.Bias is { } bias)
            {
                result.add_(bias.to(y.dtype));
            }
        }

        return results;
    }

    /// <summary>Replaces base weights and updates by one merged weight: W + B·A·scaling, computed in 32 bit and rounded once.</summary>
    /// <param name="precision">What to round to.</param>
    /// <param name="retired">The same layers of a version that answers no more: gives up its merged weight first, so that two never exist.</param>
    public void Merge(Precision precision, FusedLinear? retired = null)
    {
        using var guard = no_grad();
        retired?.ReleaseMerged();
        var target = MergedWeight.Allocate(precision, outputs.Sum(), inputs);
        try
        {
            WriteRows(target);
            target.Pack();
        }
        catch
        {
            target.Dispose();
            throw;
        }

        merged = target;
    }

    public void Dispose()
    {
        merged?.Dispose();
        foreach (var part in parts)
        {
            part.Dispose();
        }
    }

    private void WriteRows(MergedWeight target)
    {
        var chunkRows = Math.Max(1, ChunkElements / inputs);
        using var buffer = empty(chunkRows, inputs, float32);
        var written = 0L;
        foreach (var (part, height) in parts.Zip(outputs))
        {
            for (var row = 0L; row < height; row += chunkRows)
            {
                using var scope = NewDisposeScope();
                var rows = buffer.narrow(0, 0, Math.Min(chunkRows, height - row));
                part.ComputeMergedRows(row, rows);
                target.SetRows(written + row, rows);
            }

            written += height;
        }
    }

    private void ReleaseMerged()
    {
        merged?.Dispose();
        merged = null;
    }
}
