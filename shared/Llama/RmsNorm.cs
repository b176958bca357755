using static TorchSharp.torch;

namespace Serverless.Llama;

/// <summary>Root mean square layer normalization (Zhang &amp; Sennrich 2019, arXiv:1910.07467), computed in fp32.</summary>
public sealed class RmsNorm(Tensor weight, double eps)
{
    /// <summary>Scale of each channel, <c>[hidden]</c> or <c>[headDim]</c>. Not disposed with this layer.</summary>
    public Tensor Weight { get; } = weight;

    /// <summary>Normalizes the last dimension; the result has the data type of <paramref name="x"/>.</summary>
    /// <param name="x"><c>[tokens, hidden]</c>, or <c>[tokens, heads, headDim]</c></param>
    public Tensor Forward(Tensor x)
    {
        var wide = x.to(float32);
        var length = linalg.vector_norm(wide, 2, [-1], keepdim: true); // one pass; squaring first would write the squares and read them again
        var normal = wide * rsqrt(length.square() / x.shape[^1] + eps);
        return normal.to(x.dtype) * Weight;
    }
}
