using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Llama;

/// <summary>Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762) of sequences of equal length.</summary>
internal static class Attention
{
    // Below this size the fused fp32 kernel is faster in bf16 training on a CPU, since it needs no JIT compilation: nearly every run of
    // sequences has a new shape, and oneDNN compiles six kernels of 0.3 ms each for every new shape in bf16.
    private const long MinBatchedMultiplications = 1 << 24;

    /// <param name="q"><c>[sequences, heads, queries, headDim]</c></param>
    /// <param name="k"><c>[sequences, heads, length, headDim]</c></param>
    /// <param name="v"><c>[sequences, heads, length, headDim]</c></param>
    /// <param name="causal">Whether a token attends only to itself and the tokens before it; otherwise it attends to all tokens.</param>
    /// <returns>The shape of <paramref name="q"/>.</returns>
    public static Tensor Forward(Tensor q, Tensor k, Tensor v, bool causal)
    {
        var trainsInBf16OnCpu = q.requires_grad && q.dtype == ScalarType.BFloat16 && q.device.type == DeviceType.CPU;
        if (!trainsInBf16OnCpu)
        {
            return Fused(q, k, v, causal);
        }

        return q.numel() * k.shape[^2] < MinBatchedMultiplications
            ? Fused(q.to(float32), k.to(float32), v.to(float32), causal).to(q.dtype)
            : BatchedProducts(q, k, v, causal);
    }

    private static Tensor Fused(Tensor q, Tensor k, Tensor v, bool causal) => functional.scaled_dot_product_attention(q, k, v, is_casual: causal);

    // On a CPU, libtorch's fused attention multiplies head by head, and in bf16 each of these thousands of small products has its own set-up
    // cost. As batched products, forward and backward of 64 articles of 51 tokens take 18 ms of processor time instead of 66. The forward
    // pass alone and fp32 gain nothing.
    private static Tensor BatchedProducts(Tensor q, Tensor k, Tensor v, bool causal)
    {
        var scores = (q / Math.Sqrt(q.shape[^1])).matmul(k.transpose(-2, -1)); // [sequences, heads, queries, length]
        if (causal)
        {
            scores = scores + full([q.shape[^2], k.shape[^2]], float.NegativeInfinity, q.dtype, q.device).triu(1);
        }

        return scores.softmax(-1).matmul(v);
    }
}
