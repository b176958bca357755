namespace Serverless.Llama.Lora;

/// <summary>The settings of a LoRA adapter, as PEFT names them (Hu et al. 2021, arXiv:2106.09685).</summary>
public sealed record LoraConfig
{
    /// <summary>The projections of a Llama block: what PEFT calls <c>all-linear</c>, the classification head left out.</summary>
    public static readonly IReadOnlyList<string> AllLinear =
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>r: the rank of each update.</summary>
    public int Rank { get; init; } = 16;

    public double Alpha { get; init; } = 32;

    /// <summary>Probability that an input channel of the update is dropped while training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Names of the projections that get an update: the last part, or as much of the whole name as PEFT wrote.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = AllLinear;

    /// <summary>Divide by √r instead of r (Kalajdzievski 2023, arXiv:2312.03732).</summary>
    public bool UseRslora { get; init; }

    /// <summary>What the update B·A is multiplied with.</summary>
    public double Scaling => Alpha / (UseRslora ? Math.Sqrt(Rank) : Rank);

    /// <summary>Whether the projection of that name, such as <c>model.layers.0.self_attn.q_proj</c>, gets an update.</summary>
    public bool IsTargetModule(string name) => TargetModules.Any(
        target => name.EndsWith(target, StringComparison.Ordinal) && (name.Length == target.Length || name[^(target.Length + 1)] == '.'));
}
