using System.ComponentModel;
using Serverless.Llama;

namespace Serverless.Trainer.Pretraining;

/// <summary>The options of a pretraining. The starter's first stage was trained with the defaults.</summary>
internal sealed record PretrainOptions
{
    [Description("Size of the vocabulary, including special tokens.")]
    public int VocabSize { get; init; } = 16_000;

    [Description("Width of the residual stream.")]
    public int HiddenSize { get; init; } = 256;

    [Description("Width inside the MLP.")]
    public int IntermediateSize { get; init; } = 768;

    [Description("Decoder layers.")]
    public int NumHiddenLayers { get; init; } = 2;

    [Description("Query heads.")]
    public int NumAttentionHeads { get; init; } = 8;

    [Description("Key and value heads.")]
    public int NumKeyValueHeads { get; init; } = 4;

    [Description("Maximum number of tokens in a sequence; a longer document continues in the next one.")]
    public int MaxLength { get; init; } = 128;

    [Description("Tokens per optimizer step.")]
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

    [Description("Tokens sampled for the softmax of a micro-batch, besides its targets; the vocabulary size or more disables sampling.")]
    public int SampledTokens { get; init; } = 1500;

    [Description("Weight of the auxiliary objective, which predicts the bag of words of the whole document; 0 disables it.")]
    public double BagOfWordsWeight { get; init; } = 1;

    [Description("Seed of the weights and of the order of the text.")]
    public int Seed { get; init; } = 42;

    [Description("Steps between evaluations and checkpoints.")]
    public int SaveSteps { get; init; } = 500;

    /// <summary>These options with the shape of an existing base; it gets more layers if these options have more.</summary>
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
