using System.ComponentModel;
using Serverless.Llama;

namespace Serverless.Trainer.Pretraining;

/// <summary>How a small base model is made from plain text. The defaults made the starter's first stage.</summary>
internal sealed record PretrainOptions
{
    [Description("Tokens of the vocabulary, special ones included.")]
    public int VocabSize { get; init; } = 16_000;

    [Description("Width of the residual stream.")]
    public int HiddenSize { get; init; } = 256;

    [Description("Width inside the MLP.")]
    public int IntermediateSize { get; init; } = 768;

    [Description("Decoder layers.")]
    public int NumHiddenLayers { get; init; } = 2;

    [Description("Query heads.")]
    public int NumAttentionHeads { get; init; } = 8;

    [Description("Heads of keys and values.")]
    public int NumKeyValueHeads { get; init; } = 4;

    [Description("Tokens of a sequence; a longer document goes on in the next one.")]
    public int MaxLength { get; init; } = 128;

    [Description("Tokens of an optimizer step.")]
    public int BatchTokens { get; init; } = 2048;

    [Description("Tokens of the whole run.")]
    public long TotalTokens { get; init; } = 26_624_000;

    [Description("Learning rate on the plateau.")]
    public double LearningRate { get; init; } = 2e-3;

    [Description("Optimizer steps in which the learning rate rises from zero.")]
    public int WarmupSteps { get; init; } = 200;

    [Description("Share of the steps, at the end, in which the learning rate falls to zero.")]
    public double DecayRatio { get; init; } = 0.3;

    [Description("Decoupled weight decay of the matrices.")]
    public double WeightDecay { get; init; } = 0.1;

    [Description("Tokens drawn for a pass's softmax beside those that occur in it; the size of the vocabulary or more takes all.")]
    public int SampledTokens { get; init; } = 1500;

    [Description("Weight of the second objective, to foretell which words the whole document holds; 0 leaves it out.")]
    public double BagOfWordsWeight { get; init; } = 1;

    [Description("Seed of the weights and of the order of the text.")]
    public int Seed { get; init; } = 42;

    [Description("Steps between two evaluations and checkpoints.")]
    public int SaveSteps { get; init; } = 500;

    /// <summary>The same schedule for a base that is there, with as many layers as these options ask for, if it has fewer.</summary>
    public PretrainOptions WithShapeOf(LlamaConfig config) => this with
    {
        VocabSize = config.VocabSize,
        HiddenSize = config.HiddenSize,
        IntermediateSize = config.IntermediateSize,
        NumHiddenLayers = Math.Max(NumHiddenLayers, config.NumHiddenLayers),
        NumAttentionHeads = config.NumAttentionHeads,
        NumKeyValueHeads = config.NumKeyValueHeads,
    };

    public LlamaConfig Shape() => new()
    {
        VocabSize = VocabSize,
        HiddenSize = HiddenSize,
        IntermediateSize = IntermediateSize,
        NumHiddenLayers = NumHiddenLayers,
        NumAttentionHeads = NumAttentionHeads,
        NumKeyValueHeads = NumKeyValueHeads,
        HeadDim = HiddenSize / NumAttentionHeads,
        MaxPositionEmbeddings = 512,
        RmsNormEps = 1e-5,
        TieWordEmbeddings = true,
    };
}
