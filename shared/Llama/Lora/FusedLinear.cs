using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.Llama.Lora;

/// <summary>
/// Linear layers that read the same input: keys and values, or gate and up. They are trained and loaded separately; merged, they are one
/// weight and one matrix product.
/// </summary>
public sealed class FusedLinear : IDisposable
{
    private const long ChunkElements = 1 << 19; // fp32 elements that stay in a core's cache from conversion to rounding

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

    /// <summary>The linear layers, in the order of their results.</summary>
    public IReadOnlyList<LoraLinear> Parts => parts;

    /// <param name="x"><c>[tokens, in]</c></param>
    /// <param name="dropout">Dropout of the LoRA inputs in training; null in inference.</param>
    /// <returns><c>[tokens, out]</c> for each part, in the data type of <paramref name="x"/>; views of one product if merged.</returns>
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

    /// <summary>Merges base weights and LoRA matrices into one weight: W + B·A·scaling, computed in fp32 and rounded once.</summary>
    /// <param name="precision">Precision of the merged weight.</param>
    /// <param name="retired">The same layers of the retired version. Its merged weight is freed first, so that two never exist at once.</param>
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
