using static TorchSharp.torch;

namespace Serverless.Llama.Kernels;

/// <summary>
/// An int8 weight with one scale for each output channel. Activations are quantized dynamically with one scale for each token, so that a
/// text's result never depends on the other texts of its batch (Dettmers et al. 2022, arXiv:2208.07339, without the separate outliers). The
/// int8 product is exact in 32-bit sums; it runs at twice the rate of bf16 and reads half the memory.
/// </summary>
internal sealed class Int8Weight(long outputs, long inputs) : MergedWeight
{
    private readonly Tensor channelScales = empty(outputs, ScalarType.Float32).DetachFromDisposeScope();
    private readonly Tensor channelZeroPoints = zeros(outputs, ScalarType.Int32).DetachFromDisposeScope();

    // The product takes one scale for the whole input, here 1; the scale of each token is multiplied in afterwards.
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
