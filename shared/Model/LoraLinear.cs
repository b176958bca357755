using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Model;

/// <summary>
/// A linear layer y = x Wᵀ + b whose weight is frozen, with an optional low-rank update beside it:
/// <code>
///            ┌── W [out, in] ───────────────────┐
///   x ───────┤                                  (+)── y
///            └── dropout ── A [r, in] ── B [out, r] ── · scaling
/// </code>
/// For serving the update can be merged: W + B·A·scaling, computed in 32 bit and rounded once.
/// The base weight belongs to <see cref="LlamaWeights"/>, the update and the merged weight to this layer.
/// </summary>
public sealed class LoraLinear(string name, Tensor weight, Tensor? bias) : IDisposable
{
    private Tensor? trainedBias;
    private double scaling;
    private double dropout;

    /// <summary>The layer's name in the checkpoint, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string Name { get; } = name;

    /// <summary>W, <c>[out, in]</c>.</summary>
    public Tensor Weight { get; } = weight;

    /// <summary>b, <c>[out]</c>, or null: the base's, or the adapter's where it was trained with biases.</summary>
    public Tensor? Bias => trainedBias ?? bias;

    /// <summary>A, <c>[r, in]</c>; null without an update.</summary>
    public Tensor? LoraA { get; private set; }

    /// <summary>B, <c>[out, r]</c>; null without an update.</summary>
    public Tensor? LoraB { get; private set; }

    /// <summary>W + B·A·scaling, once <see cref="Merge"/> was called.</summary>
    public Tensor? Merged { get; private set; }

    /// <summary>Takes over A and B; they are disposed with this layer.</summary>
    public void SetLora(Tensor a, Tensor b, LoraConfig config)
    {
        (LoraA, LoraB, scaling, dropout) = (a.DetachFromDisposeScope(), b.DetachFromDisposeScope(), config.Scaling, config.Dropout);
    }

    /// <summary>Takes over a bias that stands in for the base's; it is disposed with this layer.</summary>
    public void SetBias(Tensor value)
    {
        trainedBias?.Dispose();
        trainedBias = value.DetachFromDisposeScope();
    }

    /// <param name="x"><c>[tokens, in]</c></param>
    /// <param name="training">Whether the update's input is dropped at random.</param>
    /// <returns><c>[tokens, out]</c>, in the type of <paramref name="x"/>.</returns>
    public Tensor Forward(Tensor x, bool training)
    {
        if (Merged is not null)
        {
            return functional.linear(x, Merged, Bias?.to(x.dtype));
        }

        var y = functional.linear(x, Weight.to(x.dtype), Bias?.to(x.dtype));
        if (LoraA is null || LoraB is null)
        {
            return y;
        }

        var low = functional.linear(functional.dropout(x, dropout, training && dropout > 0), LoraA.to(x.dtype));
        // One call instead of product, scaling and sum: two fewer passes over [tokens, out], forward and backward.
        return addmm(y, low, LoraB.to(x.dtype).t(), beta: 1, alpha: (float)scaling);
    }

    /// <summary>Replaces the update by one merged weight.</summary>
    /// <param name="buffer">A weight of the same shape and type to write into, taken over; null allocates one.</param>
    public void Merge(Tensor? buffer = null)
    {
        if (LoraA is null || LoraB is null)
        {
            return;
        }

        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var update = LoraB.to(float32).matmul(LoraA.to(float32));
        var merged = Weight.to(float32).add(update, alpha: scaling);
        var target = buffer ?? empty_like(Weight);
        target.copy_(merged);
        Merged = target.DetachFromDisposeScope();
    }

    /// <summary>Hands the merged weight to whoever merges next; this layer computes with its update again.</summary>
    public Tensor? TakeMerged()
    {
        var merged = Merged;
        Merged = null;
        return merged;
    }

    public void Dispose()
    {
        LoraA?.Dispose();
        LoraB?.Dispose();
        Merged?.Dispose();
        trainedBias?.Dispose();
    }
}
