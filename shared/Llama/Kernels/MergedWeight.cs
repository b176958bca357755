using static TorchSharp.torch;

namespace Serverless.Llama.Kernels;

/// <summary>
/// A weight with the LoRA matrices merged in, in the precision and the memory layout of its matrix product.
/// Lifecycle: <see cref="SetRows"/> for all rows, <see cref="Pack"/>, then <see cref="Multiply"/>.
/// </summary>
internal abstract class MergedWeight : IDisposable
{
    public static MergedWeight Allocate(Precision precision, long outputs, long inputs) => precision switch
    {
        Precision.Int8 => new Int8Weight(outputs, inputs),
        Precision.Bf16 => new FloatWeight(ScalarType.BFloat16, outputs, inputs, packed: CpuFeatures.HasBFloat16),
        _ => new FloatWeight(ScalarType.Float32, outputs, inputs, packed: false),
    };

    /// <summary>Rounds rows of the weight to its precision and stores them.</summary>
    /// <param name="firstRow">Index of the first row.</param>
    /// <param name="rows"><c>[rows, in]</c>, fp32.</param>
    public abstract void SetRows(long firstRow, Tensor rows);

    /// <summary>Converts the weight to the memory layout of its matrix product, if the processor has instructions for its precision.</summary>
    public abstract void Pack();

    /// <summary>Computes x Wᵀ.</summary>
    /// <param name="x"><c>[tokens, in]</c></param>
    /// <returns><c>[tokens, out]</c>, in the data type of <paramref name="x"/>.</returns>
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
