using static TorchSharp.torch;

namespace Serverless.Llama;

/// <summary>Root-mean-square normalisation (Zhang &amp; Sennrich 2019, arXiv:1910.07467), computed in 32 bit.</summary>
public sealed class RmsNorm(Tensor weight, double eps)
{
    /// <summary>Scale of each channel, <c>[hidden]</c>; borrowed.</summary>
    public Tensor Weight { get; } = weight;

    /// <summary>Normalises the last dimension; the result has the type of <paramref name="x"/>.</summary>
    public Tensor Forward(Tensor x)
    {
        var wide = x.to(float32);
        var length = linalg.vector_norm(wide, 2, [-1], keepdim: true); // one pass, where squares would be written and read again
        var normal = wide * rsqrt(length.square() / x.shape[^1] + eps);
        return normal.to(x.dtype) * Weight;
    }
}
