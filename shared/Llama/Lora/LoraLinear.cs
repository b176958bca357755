using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Llama.Lora;

/// <summary>
/// A linear layer y = x Wᵀ + b with a frozen weight and optional LoRA matrices beside it:
/// <code>
///            ┌── W [out, in] ───────────────────┐
///   x ───────┤                                  (+)── y
///            └── dropout ── A [r, in] ── B [out, r] ── · scaling
/// </code>
/// For serving, <see cref="FusedLinear"/> merges the LoRA matrices into the weight. Disposing this layer disposes the LoRA matrices, not the
/// base weight.
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

    /// <summary>b, <c>[out]</c>, or null: that of the base model, or that of an adapter trained with biases.</summary>
    public Tensor? Bias => trainedBias ?? bias;

    /// <summary>A, <c>[r, in]</c>; null without LoRA.</summary>
    public Tensor? LoraA { get; private set; }

    /// <summary>B, <c>[out, r]</c>; null without LoRA.</summary>
    public Tensor? LoraB { get; private set; }

    /// <summary>Sets A and B, which are disposed with this layer.</summary>
    public void SetLora(Tensor a, Tensor b, LoraConfig config)
    {
        LoraA = a.DetachFromDisposeScope();
        LoraB = b.DetachFromDisposeScope();
        scaling = config.Scaling;
        dropoutProbability = config.Dropout;
    }

    /// <summary>Replaces the bias of the base model. The new bias is disposed with this layer.</summary>
    public void SetBias(Tensor value)
    {
        trainedBias?.Dispose();
        trainedBias = value.DetachFromDisposeScope();
    }

    /// <param name="x"><c>[tokens, in]</c></param>
    /// <param name="dropout">Dropout of the LoRA input in training; null in inference.</param>
    /// <returns><c>[tokens, out]</c>, in the data type of <paramref name="x"/>.</returns>
    public Tensor Forward(Tensor x, LoraDropout? dropout = null)
    {
        var y = functional.linear(x, Weight.to(x.dtype), Bias?.to(x.dtype));
        if (LoraA is null || LoraB is null)
        {
            return y;
        }

        var input = dropoutProbability > 0 && dropout is not null ? dropout.Apply(x, dropoutProbability) : x;
        var low = functional.linear(input, LoraA.to(x.dtype)); // [tokens, r]
        // One call instead of product, scaling and sum: two fewer passes over [tokens, out], forward and backward.
        return addmm(y, low, LoraB.to(x.dtype).t(), beta: 1, alpha: (float)scaling);
    }

    /// <summary>Computes rows of W + B·A·scaling.</summary>
    /// <param name="firstRow">Index of the first row.</param>
    /// <param name="rows">Receives the rows, <c>[rows, in]</c>, fp32.</param>
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
