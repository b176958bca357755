using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Model;

/// <summary>
/// A weight in signed bytes, scaled by each output channel's largest value; activations are scaled by each token's, when they
/// come, so that a text's answer never depends on its neighbours (Dettmers et al. 2022, arXiv:2208.07339, without outliers apart).
/// The product of bytes is exact in 32 bit; it runs at twice the rate of bf16 and reads half the memory.
/// </summary>
internal sealed class Int8Weight(long outputs, long inputs) : MergedWeight(Precision.Int8, outputs, inputs)
{
    // ATen's integer product is not among TorchSharp's methods, so it is called through TorchScript (1 is int8 there). Scales are
    // rounded to the activations' type before anything is divided by them, so that rounding them costs nothing.
    // 4096 output channels at a time: their 32-bit sums are scaled while they are still in the cache, and the buffer for them stays
    // small (measured at 512 to 16,384 channels; smaller pieces slow the product, larger ones the scaling).
    private static readonly Lazy<jit.CompilationUnit> Script = new(() => jit.compile("""
        def quantise(x: Tensor):
            scale = torch.amax(torch.abs(x), [-1], True).clamp_min(1e-10).div(127.0)
            return torch.round(torch.div(x, scale)).clamp_(-127.0, 127.0).to(1), scale

        def multiply(x: Tensor, weight: Tensor, weight_scale: Tensor):
            codes, scale = quantise(x)
            channels = weight.size(0)
            y = torch.empty([x.size(0), channels], dtype=x.dtype)
            for begin in range(0, channels, 4096):
                end = min(channels, begin + 4096)
                part = y[:, begin:end]
                part.copy_(torch._int_mm(codes, weight[begin:end].t()))
                part.mul_(scale).mul_(weight_scale[begin:end])
            return y

        """));

    private readonly Tensor codes = empty(outputs, inputs, ScalarType.Int8).DetachFromDisposeScope();
    private readonly Tensor scales = empty(outputs, ScalarType.Float32).DetachFromDisposeScope(); // exact in bf16

    public override void Write(long firstRow, Tensor rows)
    {
        using var scope = NewDisposeScope();
        var scale = (rows.abs().amax([1], keepdim: true).clamp_min(1e-10) / 127).to(bfloat16).to(float32);
        codes.narrow(0, firstRow, rows.shape[0]).copy_((rows / scale).round_().clamp_(-127, 127));
        scales.narrow(0, firstRow, rows.shape[0]).copy_(scale.squeeze(1));
    }

    public override Tensor Multiply(Tensor x, long firstRow, long rows)
    {
        using var scope = NewDisposeScope();
        return Script.Value.invoke<Tensor>("multiply", x, codes.narrow(0, firstRow, rows), scales.narrow(0, firstRow, rows).to(x.dtype))
            .MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
        codes.Dispose();
        scales.Dispose();
    }
}
