using System.Diagnostics;
using System.Globalization;
using Serverless.Llama;
using Serverless.Trainer.Data;
using Serverless.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Training;

/// <summary>How the steps of a timed training are taken: from the recipe's way to ours, one change at a time.</summary>
internal enum Way
{
    Recipe,
    SixteenBitBase,
    NoPadding,
    Ours,
}

/// <param name="Memory">Peak bytes: of the process on a CPU, in use on a GPU.</param>
internal sealed record Timing(double ArticlesPerSecond, long Memory);

/// <summary>Times the steps of one way, in a process of its own, so that its peak of memory is its own.</summary>
internal static class TimedTraining
{
    private const int WarmUpSteps = 3;

    // As BatchSampler mixes a large data set: articles of like length come together within windows of 50 steps.
    private const int WindowSteps = 50;
    private const int Windows = 4;

    /// <summary>The published recipe: 32 articles a step, in micro-batches of 16.</summary>
    public static TrainOptions Recipe { get; } = new() { MaxLength = Articles.MaxLength };

    public static Timing Run(Way way, string shape, int steps)
    {
        var hardware = Hardware.Choose("auto");
        var config = Shape.Of(shape);
        var (articles, sample) = Sample(config, steps);
        using var weights = Weights(config, hardware, way == Way.Recipe ? ScalarType.Float32 : hardware.Type);
        using var model = way == Way.Ours ? Adapted(weights, hardware) : null;
        using var ours = model is null ? null : new TrainingStep(model, Recipe, hardware, articles, Console.Error);
        using var theirs = model is null ? new RecipeStep(weights, hardware, Recipe, padded: way != Way.NoPadding) : null;

        void Take(int step)
        {
            ours?.Run(sample[step], Recipe.LearningRate, step + 1);
            theirs?.Take([.. sample[step].Select(article => articles[article])]);
        }

        for (var step = 0; step < WarmUpSteps; step++)
        {
            Take(step % steps);
        }

        Synchronize(hardware);
        var begin = Stopwatch.GetTimestamp();
        var memory = 0L;
        for (var step = 0; step < steps; step++)
        {
            Take(step);
            memory = Math.Max(memory, hardware.UsedMemory() ?? 0);
        }

        Synchronize(hardware);
        var elapsed = Stopwatch.GetElapsedTime(begin);
        return new Timing(steps * Recipe.ArticlesPerStep / elapsed.TotalSeconds, memory > 0 ? memory : PeakOfProcess());
    }

    /// <summary>Steps of one window that stand for all of it: evenly spaced in the order of their tokens.</summary>
    public static (Article[] Articles, IReadOnlyList<int>[] Steps) Sample(LlamaConfig config, int steps)
    {
        var articles = Articles.Random(Windows * WindowSteps * Recipe.ArticlesPerStep, config.VocabSize);
        var sampler = new BatchSampler([.. articles.Select(article => article.Ids.Length)], Recipe);
        var window = Enumerable.Range(0, WindowSteps).Select(sampler.Articles).OrderBy(step => step.Sum(article => articles[article].Ids.Length)).ToArray();
        return (articles, [.. Enumerable.Range(0, steps).Select(i => window[(int)((i + 0.5) * WindowSteps / steps)])]);
    }

    private static LlamaForSequenceClassification Adapted(LlamaWeights weights, Hardware hardware)
    {
        var model = new LlamaForSequenceClassification(weights, hardware.Type, residualType: ScalarType.Float32);
        model.AddLora(Recipe.Lora, Articles.Labels, Recipe.Seed);
        return model;
    }

    private static LlamaWeights Weights(LlamaConfig config, Hardware hardware, ScalarType type)
    {
        if (hardware.Device.type == DeviceType.CPU)
        {
            return LlamaWeights.Random(config, type, seed: 1);
        }

        using var weights = LlamaWeights.Random(config, type, seed: 1);
        return new LlamaWeights(config, weights.NamedTensors.ToDictionary(entry => entry.Name, entry => entry.Value.to(hardware.Device)));
    }

    private static void Synchronize(Hardware hardware)
    {
        if (hardware.Device.type == DeviceType.CUDA)
        {
            cuda.synchronize();
        }
    }

    // Process.PeakWorkingSet64 is not the kernel's high-water mark on Linux.
    private static long PeakOfProcess() => File.ReadLines("/proc/self/status")
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024)
        .Single();
}
