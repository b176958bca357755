namespace Serverless.Llama.Lora;

/// <summary>Configuration of a LoRA adapter (Hu et al. 2021, arXiv:2106.09685), as in PEFT's <c>LoraConfig</c>.</summary>
public sealed record LoraConfig
{
    /// <summary>The linear layers of a Llama decoder layer: PEFT's <c>all-linear</c>, which excludes the classification head.</summary>
    public static readonly IReadOnlyList<string> AllLinear =
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>r: the rank of the LoRA matrices.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>α: the numerator of <see cref="Scaling"/>.</summary>
    public double Alpha { get; init; } = 32;

    /// <summary>Probability that an element of the LoRA input is zeroed in training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Names of the layers to adapt: the last part of the name, or a longer suffix of it.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = AllLinear;

    /// <summary>Whether α is divided by √r instead of r (rsLoRA, Kalajdzievski 2023, arXiv:2312.03732).</summary>
    public bool UseRslora { get; init; }

    /// <summary>Factor of the product B·A: α/r, or α/√r with rsLoRA.</summary>
    public double Scaling => Alpha / (UseRslora ? Math.Sqrt(Rank) : Rank);

    /// <summary>Whether the layer of this name, such as <c>model.layers.0.self_attn.q_proj</c>, is adapted.</summary>
    public bool IsTargetModule(string name) => TargetModules.Any(
        target => name.EndsWith(target, StringComparison.Ordinal) && (name.Length == target.Length || name[^(target.Length + 1)] == '.'));
}
