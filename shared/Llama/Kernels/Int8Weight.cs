using static TorchSharp.torch;

namespace Serverless.Llama.Kernels;

/// <summary>
/// A weight in signed bytes, scaled by each output channel's largest value; activations are scaled by each token's, when they
/// come, so that a text's answer never depends on its neighbours (Dettmers et al. 2022, arXiv:2208.07339, without outliers apart).
/// The product of bytes is exact in 32 bit; it runs at twice the rate of bf16 and reads half the memory.
/// </summary>
internal sealed class Int8Weight(long outputs, long inputs) : MergedWeight
{
    private readonly Tensor channelScales = empty(outputs, ScalarType.Float32).DetachFromDisposeScope();
    private readonly Tensor channelZeroPoints = zeros(outputs, ScalarType.Int32).DetachFromDisposeScope();

    // A product takes one scale for all of its input; each token's own is multiplied in afterwards.
    private readonly Tensor one = ones(1).DetachFromDisposeScope();
    private readonly Tensor zeroPoint = full(1, QuantizedActivations.ZeroPoint, ScalarType.Int32).DetachFromDisposeScope();
    private Tensor codes = empty(outputs, inputs, ScalarType.Int8).DetachFromDisposeScope();

    public override void SetRows(long firstRow, Tensor rows)
    {
        using var scope = NewDisposeScope();
        var scale = rows.abs().amax([1], keepdim: true).clamp_min(1e-10) / 127;
        codes.narrow(0, firstRow, rows.shape[0]).copy_((rows / scale).round_().clamp_(-127, 127));
        channelScales.narrow(0, firstRow, rows.shape[0]).copy_(scale.squeeze(1));
    }

    public override void Pack()
    {
        using var rows = codes;
        codes = OneDnn.PackInt8(rows).DetachFromDisposeScope();
    }

    public override Tensor Multiply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var tokens = QuantizedActivations.Quantize(x);
        return OneDnn.LinearInt8(tokens.Codes, one, zeroPoint, codes, channelScales, channelZeroPoints, x.dtype)
            .mul_(tokens.Scales.to(x.dtype)).MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
        foreach (var tensor in (Tensor[])[codes, channelScales, channelZeroPoints, one, zeroPoint])
        {
            tensor.Dispose();
        }
    }
}
