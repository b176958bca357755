using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Llama.Lora;

/// <summary>
/// A linear layer y = x Wᵀ + b whose weight is frozen, with an optional low-rank update beside it:
/// <code>
///            ┌── W [out, in] ───────────────────┐
///   x ───────┤                                  (+)── y
///            └── dropout ── A [r, in] ── B [out, r] ── · scaling
/// </code>
/// For serving, <see cref="FusedLinear"/> merges the update. The base weight belongs to <see cref="LlamaWeights"/>, the update to
/// this layer.
/// </summary>
public sealed class LoraLinear(string name, Tensor weight, Tensor? bias) : IDisposable
{
    private Tensor? trainedBias;
    private double scaling;
    private double dropoutProbability;

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

    /// <summary>Takes over A and B; they are disposed with this layer.</summary>
    public void SetLora(Tensor a, Tensor b, LoraConfig config)
    {
        (LoraA, LoraB, scaling, dropoutProbability) = (a.DetachFromDisposeScope(), b.DetachFromDisposeScope(), config.Scaling, config.Dropout);
    }

    /// <summary>Takes over a bias that stands in for the base's; it is disposed with this layer.</summary>
    public void SetBias(Tensor value)
    {
        trainedBias?.Dispose();
        trainedBias = value.DetachFromDisposeScope();
    }

    /// <param name="x"><c>[tokens, in]</c></param>
    /// <param name="dropout">What drops the update's input at random in training; null otherwise.</param>
    /// <returns><c>[tokens, out]</c>, in the type of <paramref name="x"/>.</returns>
    public Tensor Forward(Tensor x, LoraDropout? dropout = null)
    {
        var y = functional.linear(x, Weight.to(x.dtype), Bias?.to(x.dtype));
        if (LoraA is null || LoraB is null)
        {
            return y;
        }

        var low = functional.linear(dropoutProbability > 0 && dropout is not null ? dropout.Apply(x, dropoutProbability) : x, LoraA.to(x.dtype));
        // One call instead of product, scaling and sum: two fewer passes over [tokens, out], forward and backward.
        return addmm(y, low, LoraB.to(x.dtype).t(), beta: 1, alpha: (float)scaling);
    }

    /// <summary>Computes rows of W + B·A·scaling.</summary>
    /// <param name="firstRow">The first of them.</param>
    /// <param name="rows">What to write them into, <c>[rows, in]</c>, fp32.</param>
    internal void ComputeMergedRows(long firstRow, Tensor rows)
    {
        using var scope = NewDisposeScope();
        rows.copy_(Weight.narrow(0, firstRow, rows.shape[0]));
        if (LoraA is not null && LoraB is not null)
        {
            rows.addmm_(LoraB.narrow(0, firstRow, rows.shape[0]).to(float32), LoraA.to(float32), beta: 1, alpha: (float)scaling);
        }
    }

    public void Dispose()
    {
        LoraA?.Dispose();
        LoraB?.Dispose();
        trainedBias?.Dispose();
    }
}
