using static TorchSharp.torch;

namespace Serverless.Llama;

/// <summary>
/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864): rotates pairs of query and key channels by an angle that grows with the
/// position. Uses the half-split layout of Hugging Face checkpoints, which pairs channel i with channel i + headDim / 2.
/// </summary>
public sealed class RotaryEmbedding
{
    private readonly double[] inverseFrequencies; // [headDim / 2]

    public RotaryEmbedding(LlamaConfig config)
    {
        inverseFrequencies = new double[config.HeadDim / 2];
        for (var i = 0; i < inverseFrequencies.Length; i++)
        {
            // transformers computes in fp32; the same rounding here keeps the angles equal at high positions.
            var inverse = 1f / MathF.Pow((float)config.RopeTheta, 2f * i / config.HeadDim);
            inverseFrequencies[i] = config.RopeScaling?.Apply(inverse) ?? inverse;
        }
    }

    /// <summary>Computes the cosines and sines for each token of a batch, each <c>[tokens, 1, headDim / 2]</c>.</summary>
    public (Tensor Cos, Tensor Sin) Forward(PackedBatch batch, ScalarType dtype)
    {
        using var frequencies = tensor(inverseFrequencies, float32, batch.Device);
        using var angles = batch.Positions.to(float32).unsqueeze(1) * frequencies; // [tokens, headDim / 2]
        using var cos = angles.cos();
        using var sin = angles.sin();
        return (cos.unsqueeze(1).to(dtype), sin.unsqueeze(1).to(dtype));
    }

    /// <summary>Rotates queries or keys, <c>[tokens, heads, headDim]</c>.</summary>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin)
    {
        var halves = x.chunk(2, -1);
        var (first, second) = (halves[0], halves[1]);
        return cat([first * cos - second * sin, second * cos + first * sin], -1);
    }
}
