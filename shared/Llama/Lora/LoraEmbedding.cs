using static TorchSharp.torch;

namespace Serverless.Llama.Lora;

/// <summary>
/// The token embedding: a frozen table with optional LoRA matrices. The row of token i is W[i] + B·A[:, i]·scaling. It is never merged: its
/// cost is negligible compared to the layers, and the table stays shared and memory-mapped.
/// </summary>
public sealed class LoraEmbedding(Tensor weight) : IDisposable
{
    /// <summary>The layer's name in the checkpoint.</summary>
    public const string Name = "model.embed_tokens";

    private double scaling;

    /// <summary>W, <c>[vocab, hidden]</c>.</summary>
    public Tensor Weight { get; } = weight;

    /// <summary>A, <c>[r, vocab]</c>; null without LoRA.</summary>
    public Tensor? LoraA { get; private set; }

    /// <summary>B, <c>[hidden, r]</c>; null without LoRA.</summary>
    public Tensor? LoraB { get; private set; }

    /// <summary>Sets A and B, which are disposed with this layer.</summary>
    public void SetLora(Tensor a, Tensor b, LoraConfig config)
    {
        LoraA = a.DetachFromDisposeScope();
        LoraB = b.DetachFromDisposeScope();
        scaling = config.Scaling;
    }

    /// <param name="ids"><c>[tokens]</c></param>
    /// <returns><c>[tokens, hidden]</c>, in the data type of the table.</returns>
    public Tensor Forward(Tensor ids)
    {
        var rows = Weight.index_select(0, ids);
        if (LoraA is null || LoraB is null)
        {
            return rows;
        }

        var low = LoraA.t().index_select(0, ids); // [tokens, r]
        return rows + (low.matmul(LoraB.t()) * scaling).to(rows.dtype);
    }

    public void Dispose()
    {
        LoraA?.Dispose();
        LoraB?.Dispose();
    }
}
