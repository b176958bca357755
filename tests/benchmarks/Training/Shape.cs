
using Serverless.Llama;

namespace Serverless.Benchmarks.Training;

/// <summary>The models that trainings are timed on; their weights are random, which costs what trained ones cost.</summary>
internal static class Shape
{
    public const string Toy = "toy";
    public const string Starter = "starter";
    public const string Llama1B = "1b";

    public static LlamaConfig Of(string name) => name switch
    {
        Toy => Small with { VocabSize = 1000, HiddenSize = 64, IntermediateSize = 192, NumHiddenLayers = 2, NumAttentionHeads = 4, NumKeyValueHeads = 2, HeadDim = 16 },
        Starter => LlamaConfig.Read(Path.Combine(Serverless.Models.StarterModel.Folder, "base", "config.json")),
        _ => Small with
        {
            VocabSize = 128_256,
            HiddenSize = 2048,
            IntermediateSize = 8192,
            NumHiddenLayers = 16,
            NumAttentionHeads = 32,
            NumKeyValueHeads = 8,
            HeadDim = 64,
            RopeTheta = 500_000,
        },
    };

    private static LlamaConfig Small { get; } = new()
    {
        VocabSize = 0,
        HiddenSize = 0,
        IntermediateSize = 0,
        NumHiddenLayers = 0,
        NumAttentionHeads = 0,
        NumKeyValueHeads = 0,
        HeadDim = 0,
    };
}
