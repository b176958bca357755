using static TorchSharp.torch;

namespace Serverless.Model;

/// <summary>A weight with its update merged in, kept in the precision that it is multiplied in.</summary>
internal abstract class MergedWeight(Precision precision, long outputs, long inputs) : IDisposable
{
    public Precision Precision { get; } = precision;

    public long Outputs { get; } = outputs;

    public long Inputs { get; } = inputs;

    public static MergedWeight Allocate(Precision precision, long outputs, long inputs) => precision switch
    {
        Precision.Int8 => new Int8Weight(outputs, inputs),
        Precision.Bf16 => new FloatWeight(precision, ScalarType.BFloat16, outputs, inputs),
        _ => new FloatWeight(precision, ScalarType.Float32, outputs, inputs),
    };

    /// <summary>Rounds some rows of the weight, once, into their place.</summary>
    /// <param name="firstRow">Where they go.</param>
    /// <param name="rows"><c>[rows, in]</c>, fp32.</param>
    public abstract void Write(long firstRow, Tensor rows);

    /// <summary>x Wᵀ for some of the weight's rows.</summary>
    /// <param name="x"><c>[tokens, in]</c></param>
    /// <param name="firstRow">The first of the rows.</param>
    /// <param name="rows">How many.</param>
    /// <returns><c>[tokens, rows]</c>, in the type of <paramref name="x"/>.</returns>
    public abstract Tensor Multiply(Tensor x, long firstRow, long rows);

    public abstract void Dispose();

    /// <summary>bf16 or fp32: libtorch's own product.</summary>
    private sealed class FloatWeight(Precision precision, ScalarType type, long outputs, long inputs) : MergedWeight(precision, outputs, inputs)
    {
        private readonly Tensor weight = empty(outputs, inputs, type).DetachFromDisposeScope();

        public override void Write(long firstRow, Tensor rows)
        {
            using var place = weight.narrow(0, firstRow, rows.shape[0]);
            place.copy_(rows);
        }

        public override Tensor Multiply(Tensor x, long firstRow, long rows) =>
            nn.functional.linear(x, rows == Outputs ? weight : weight.narrow(0, firstRow, rows));

        public override void Dispose() => weight.Dispose();
    }
}
