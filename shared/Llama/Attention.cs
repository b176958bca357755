using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Llama;

/// <summary>Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762) of sequences of one length.</summary>
internal static class Attention
{
    // In training on a CPU nearly every run of sequences has a shape of its own, for which oneDNN compiles six kernels of
    // 0.3 ms each before it multiplies in bf16. Under so many multiplications the fused call in fp32, which compiles nothing, is sooner done.
    private const long MinBatchedMultiplications = 1 << 24;

    /// <param name="q"><c>[sequences, heads, queries, headDim]</c></param>
    /// <param name="k"><c>[sequences, heads, length, headDim]</c></param>
    /// <param name="v">Like <paramref name="k"/>.</param>
    /// <param name="causal">A token sees what is before it and itself; otherwise everything.</param>
    /// <returns>Shaped like <paramref name="q"/>.</returns>
    public static Tensor Forward(Tensor q, Tensor k, Tensor v, bool causal) =>
        !q.requires_grad || q.dtype != ScalarType.BFloat16 || q.device.type != DeviceType.CPU ? Fused(q, k, v, causal)
        : q.numel() * k.shape[^2] < MinBatchedMultiplications ? Fused(q.to(float32), k.to(float32), v.to(float32), causal).to(q.dtype)
        : BatchedProducts(q, k, v, causal);

    private static Tensor Fused(Tensor q, Tensor k, Tensor v, bool causal) => functional.scaled_dot_product_attention(q, k, v, is_casual: causal);

    // libtorch's fused attention multiplies head by head; on a CPU in bf16 each of these thousands of small products is prepared
    // anew. Batched, forward and backward of 64 articles of 51 tokens take 18 ms of processor time instead of 66; the
    // forward pass alone, or fp32, is no faster so.
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
