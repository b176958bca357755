using System.Text.Json.Nodes;

namespace Serverless.Llama;

/// <summary>
/// Llama 3's scaling of the rotary frequencies (<c>rope_type</c> <c>llama3</c> of transformers): low frequencies are divided by
/// <see cref="Factor"/>, high frequencies are kept, and those between are interpolated.
/// </summary>
public sealed record RopeScaling(double Factor, double LowFreqFactor, double HighFreqFactor, int OriginalMaxPositionEmbeddings)
{
    internal static RopeScaling? Parse(JsonConfigReader section)
    {
        var type = section.GetString("rope_type") ?? section.GetString("type") ?? "default";
        if (type == "default")
        {
            return null;
        }

        if (type != "llama3")
        {
            throw section.Error("rope_type", $"\"{type}\" is not supported; only \"llama3\" and \"default\" are");
        }

        var scaling = new RopeScaling(
            section.GetDouble("factor", 1, 1e6, double.NaN),
            section.GetDouble("low_freq_factor", 1e-6, 1e6, double.NaN),
            section.GetDouble("high_freq_factor", 1e-6, 1e6, double.NaN),
            section.GetInt32("original_max_position_embeddings", 1, 1 << 26));
        if (double.IsNaN(scaling.Factor + scaling.LowFreqFactor + scaling.HighFreqFactor))
        {
            throw section.Error("rope_type", "\"llama3\" needs factor, low_freq_factor and high_freq_factor");
        }

        return scaling.HighFreqFactor > scaling.LowFreqFactor
            ? scaling
            : throw section.Error("high_freq_factor", "must be greater than low_freq_factor");
    }

    internal JsonObject ToJson() => new()
    {
        ["rope_type"] = "llama3",
        ["factor"] = Factor,
        ["low_freq_factor"] = LowFreqFactor,
        ["high_freq_factor"] = HighFreqFactor,
        ["original_max_position_embeddings"] = OriginalMaxPositionEmbeddings,
    };

    /// <summary>Scales one inverse frequency (transformers' <c>_compute_llama3_parameters</c>).</summary>
    public double Apply(double inverseFrequency)
    {
        var wavelength = 2 * Math.PI / inverseFrequency;
        if (wavelength > OriginalMaxPositionEmbeddings / LowFreqFactor)
        {
            return inverseFrequency / Factor;
        }

        if (wavelength < OriginalMaxPositionEmbeddings / HighFreqFactor)
        {
            return inverseFrequency;
        }

        var smooth = (OriginalMaxPositionEmbeddings / wavelength - LowFreqFactor) / (HighFreqFactor - LowFreqFactor);
        return (1 - smooth) * inverseFrequency / Factor + smooth * inverseFrequency;
    }
}
