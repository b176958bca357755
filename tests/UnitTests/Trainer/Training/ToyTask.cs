using Serverless.Llama;
using Serverless.Trainer.Data;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Training;

/// <summary>A task that the toy model can learn: which of two bytes most of a text is made of.</summary>
internal static class ToyTask
{
    public static TrainOptions Options { get; } = new()
    {
        LearningRate = 0.01,
        PerDeviceTrainBatchSize = 8,
        GradientAccumulationSteps = 1,
        MinSteps = 60,
        LoraRank = 4,
        LoraAlpha = 8,
        LoraDropout = 0,
        MaxLength = 32,
        EvalSteps = 20,
        LoggingSteps = 20,
        Precision = "fp32",
    };

    public static Hardware Hardware { get; } = new(CPU, ScalarType.Float32);

    public static Article[] Articles(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Article([256, .. Bytes(random, i % 2)], i % 2))];
    }

    /// <summary>The same task as rows of a CSV file, with its header.</summary>
    /// <param name="swapped">Gives each text the wrong label.</param>
    public static string Csv(int count, int seed, string labels = "left,right", bool swapped = false)
    {
        var random = new Random(seed);
        var names = labels.Split(',');
        return "text,label\n" + Rows(count, random, i => names[swapped ? 1 - (i % 2) : i % 2]);
    }

    /// <param name="tokens">Of each text; null for few, and not always as many.</param>
    public static string Rows(int count, Random random, Func<int, string> columns, int? tokens = null) => string.Concat(
        Enumerable.Range(0, count).Select(i => $"{string.Concat(Bytes(random, i % 2, tokens).Select(value => (char)value))},{columns(i)}\n"));

    public static LlamaWeights Weights(ScalarType type = ScalarType.Float32) => LlamaWeights.Random(ToyModel.Config, type, seed: 1);

    public static LlamaForSequenceClassification Model(LlamaWeights weights, TrainOptions options, ScalarType type = ScalarType.Float32)
    {
        var model = new LlamaForSequenceClassification(weights, type, residualType: ScalarType.Float32);
        model.AddLora(options.Lora, numLabels: 2, options.Seed);
        return model;
    }

    private static int[] Bytes(Random random, int label, int? count = null)
    {
        var mostly = label == 0 ? 'l' : 'r';
        return [.. Enumerable.Range(0, count ?? random.Next(8, 24)).Select(_ => random.NextDouble() < 0.7 ? mostly : random.Next('a', 'z' + 1))];
    }
}
