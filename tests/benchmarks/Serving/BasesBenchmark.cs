using System.Diagnostics;
using System.Globalization;
using Serverless.Llama;
using Serverless.Llama.Kernels;
using Serverless.Llama.Lora;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>How fast each base classifies, beside Llama 3.2 1B in the same minute: a ratio that other programs on the machine hardly change.</summary>
internal static class BasesBenchmark
{
    /// <param name="only">A part of the names of the bases to measure.</param>
    /// <param name="rounds">The number of rounds for each base.</param>
    /// <param name="articles">The number of articles in a round.</param>
    /// <returns>Markdown.</returns>
    public static string Run(string only, int rounds, int articles)
    {
        using var reference = new Shape(Bases.Reference.Config);
        var candidates = Bases.All.Prepend(Bases.Reference).Where(candidate => candidate.Name.Contains(only, StringComparison.Ordinal));
        var rows = candidates.Select(candidate => Row(candidate.Name, candidate.Config, reference, rounds, articles)).ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"""
            ## Bases beside Llama 3.2 1B on a CPU

            Random weights without an adapter, articles as long as AG News' (51 tokens on average), {get_num_threads()} threads,
            medians of {rounds} rounds of {articles} articles.

            | base | weights in bf16 | bf16, articles/s | int8, articles/s | bf16 over Llama 3.2 1B | int8 over Llama 3.2 1B |
            | --- | ---: | ---: | ---: | ---: | ---: |
            {string.Join('\n', rows)}
            """);
    }

    private static string Row(string name, LlamaConfig config, Shape reference, int rounds, int articles)
    {
        Console.Error.WriteLine(name);
        using var shape = new Shape(config);
        var texts = Articles.Draw(articles, Math.Min(config.VocabSize, 32_000), seed: 1);
        var (bf16, int8) = (new Series(), new Series());
        var (bf16Reference, int8Reference) = (new Series(), new Series());
        for (var round = -1; round < rounds; round++) // the first round is a warm-up
        {
            var (bf16Rate, bf16ReferenceRate) = (shape.Rate(Precision.Bf16, texts), reference.Rate(Precision.Bf16, texts));
            var (int8Rate, int8ReferenceRate) = (shape.Rate(Precision.Int8, texts), reference.Rate(Precision.Int8, texts));
            if (round >= 0)
            {
                bf16.Add(bf16Rate);
                bf16Reference.Add(bf16ReferenceRate);
                int8.Add(int8Rate);
                int8Reference.Add(int8ReferenceRate);
            }
        }

        var bytes = 2.0 * LlamaWeights.ExpectedTensors(config).Sum(entry => entry.Shape.Aggregate(1L, (product, size) => product * size));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {bytes / 1e9:0.00} GB | {bf16.Median:0.00} | {int8.Median:0.00} " +
            $"| {bf16.Over(bf16Reference):0.00} | {int8.Over(int8Reference):0.00} |");
    }

    /// <summary>A network of a shape in both precisions. All layers share the weights of one, and have merged weights of their own.</summary>
    private sealed class Shape : IDisposable
    {
        private readonly LlamaWeights weights;
        private readonly Dictionary<Precision, LlamaForSequenceClassification> models = [];
        private readonly DataParallel parallel = new(get_num_threads());

        public Shape(LlamaConfig config)
        {
            weights = Weights(config);
            foreach (var precision in new[] { Precision.Bf16, Precision.Int8 })
            {
                var model = new LlamaForSequenceClassification(weights);
                model.AddLora(new LoraConfig { TargetModules = [] }, numLabels: 4, seed: 1);
                foreach (var fused in model.FusedLinears)
                {
                    fused.Merge(precision);
                }

                models.Add(precision, model);
            }
        }

        /// <summary>Articles a second.</summary>
        public double Rate(Precision precision, int[][] texts)
        {
            var start = Stopwatch.GetTimestamp();
            parallel.Run(texts, part => Pass(models[precision], part));
            return texts.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        public void Dispose()
        {
            parallel.Dispose();
            foreach (var model in models.Values)
            {
                model.Dispose();
            }

            weights.Dispose();
        }

        private static float[][] Pass(LlamaForSequenceClassification model, IReadOnlyList<int[]> texts)
        {
            using var inference = inference_mode();
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(texts, CPU);
            return [.. model.Forward(batch).data<float>().ToArray().Chunk(model.NumLabels)];
        }

        private static LlamaWeights Weights(LlamaConfig config)
        {
            using var one = LlamaWeights.Random(config with { NumHiddenLayers = 1, VocabSize = 32_000 }, ScalarType.BFloat16, seed: 1);
            var ofLayer = one.NamedTensors.ToDictionary(entry => entry.Name, entry => entry.Value.alias());
            var tensors = LlamaWeights.ExpectedTensors(config).ToDictionary(entry => entry.Name, entry => ofLayer[OfFirstLayer(entry.Name)]);
            return new LlamaWeights(config, tensors);
        }

        private static string OfFirstLayer(string name) =>
            name.StartsWith("model.layers.", StringComparison.Ordinal) ? $"model.layers.0.{name.Split('.', 4)[3]}" : name;
    }
}
