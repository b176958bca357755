using static TorchSharp.torch;

namespace Serverless.Llama.Kernels;

/// <summary>
/// A weight with its update merged in, kept in the precision that it is multiplied in, and laid out for that where the processor
/// has instructions for it. First every row is written, then it is completed, and from then on it multiplies.
/// </summary>
internal abstract class MergedWeight : IDisposable
{
    public static MergedWeight Allocate(Precision precision, long outputs, long inputs) => precision switch
    {
        Precision.Int8 => new Int8Weight(outputs, inputs),
        Precision.Bf16 => new FloatWeight(ScalarType.BFloat16, outputs, inputs, packed: CpuFeatures.HasBFloat16),
        _ => new FloatWeight(ScalarType.Float32, outputs, inputs, packed: false),
    };

    /// <summary>Rounds some rows of the weight, once, into their place.</summary>
    /// <param name="firstRow">Where they go.</param>
    /// <param name="rows"><c>[rows, in]</c>, fp32.</param>
    public abstract void SetRows(long firstRow, Tensor rows);

    /// <summary>Takes the layout that it is multiplied in.</summary>
    public abstract void Pack();

    /// <summary>x Wᵀ.</summary>
    /// <param name="x"><c>[tokens, in]</c></param>
    /// <returns><c>[tokens, out]</c>, in the type of <paramref name="x"/>.</returns>
    public abstract Tensor Multiply(Tensor x);

    public abstract void Dispose();

    private sealed class FloatWeight(ScalarType type, long outputs, long inputs, bool packed) : MergedWeight
    {
        private Tensor weight = empty(outputs, inputs, type).DetachFromDisposeScope();

        public override void SetRows(long firstRow, Tensor rows)
        {
            using var place = weight.narrow(0, firstRow, rows.shape[0]);
            place.copy_(rows);
        }

        public override void Pack()
        {
            if (packed)
            {
                using var rows = weight;
                weight = OneDnn.Pack(rows).DetachFromDisposeScope();
            }
        }

        public override Tensor Multiply(Tensor x) => packed ? OneDnn.Linear(x, weight) : nn.functional.linear(x, weight);

        public override void Dispose() => weight.Dispose();
    }
}
