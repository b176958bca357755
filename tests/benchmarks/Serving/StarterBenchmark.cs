using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Benchmarks.Report;
using Serverless.Llama.Kernels;
using Serverless.Models;
using Serverless.Serving;
using TorchSharp;

namespace Serverless.Benchmarks.Serving;

/// <summary>The starter model in the process, compared with the limit of its shapes, and through the queue.</summary>
internal static class StarterBenchmark
{
    private const int Batch = 32;
    private const int Count = 640;

    /// <returns>Markdown.</returns>
    public static async Task<string> RunAsync(int rounds, CancellationToken cancellationToken)
    {
        var articles = Articles.Texts(Count, seed: 1);
        using var model = await InProcess.OpenAsync();
        var (rate, ceiling, overhead) = (new Series(), new Series(), new Series());
        for (var warmUp = 0; warmUp < 5; warmUp++) // until .NET has optimised the code
        {
            model.Run(articles);
        }

        for (var round = 0; round < rounds; round++)
        {
            var (whole, tokenising) = model.Run(articles);
            rate.Add(Count / whole.TotalSeconds);
            overhead.Add(tokenising / whole);
            ceiling.Add(model.CeilingRate(articles));
        }

        var queue = await QueueBenchmark.RunAsync(articles, cancellationToken);
        var expected = 1 / (1 / rate.Median + 1 / queue.WithoutModel);
        return string.Create(CultureInfo.InvariantCulture, $"""
            ## The starter model

            {Count} texts put together from the repository's sample articles to AG News' lengths ({model.MeanTokens(articles):0} of its tokens on average), batches of {Batch}.

            | what must hold | bar | measured | |
            | --- | --- | --- | --- |
            | classified in the process, articles/s | ≥ 400 | {rate.Median:0} | {Bar.AtLeast(rate.Median, 400)} |
            | share of the rate at which its linears run alone ({ceiling.Median:0} articles/s) | ≥ 60 % | {rate.Over(ceiling):0.0 %} | {Bar.AtLeast(rate.Over(ceiling), 0.6)} |
            | through the queue, articles/s, beside 1/(1/{rate.Median:0} + 1/{queue.WithoutModel:0}) = {expected:0} | ≥ 80 % | {queue.Whole:0} ({queue.Whole / expected:0.0 %}) | {Bar.AtLeast(queue.Whole / expected, 0.8)} |

            Tokenising took {overhead.Median:0.0 %} of the time in the process. The queue is the storage emulator's: received, classified, blob and rows written, deleted; without the model, the
            same steps with an answer that is given.
            """);
    }

    /// <summary>Encodes, batches and classifies texts, as the classifier does.</summary>
    private sealed class InProcess : IDisposable
    {
        private static readonly string Base = Path.Combine(StarterModel.Folder, "base");
        private static readonly string Adapter = Path.Combine(StarterModel.Folder, "adapters", "news");

        private readonly BaseModel weights;
        private readonly LoadedModel model;
        private readonly DataParallel parallel = new(torch.get_num_threads());

        private InProcess(BaseModel weights)
        {
            this.weights = weights;
            var manifest = new ModelManifest(StarterModel.BaseModel, DateTimeOffset.UnixEpoch, new Dictionary<string, string>());
            model = weights.Load(new LocalVersion("news", "starter", Adapter, manifest));
            var merge = model.StartMerge(previous: null);
            while (merge.Step())
            {
            }
        }

        public static async Task<InProcess> OpenAsync() =>
            new(await BaseModel.OpenAsync(Base, new PrecisionSelector(PrecisionSetting.Auto, NullLogger.Instance)));

        public (TimeSpan Whole, TimeSpan Tokenising) Run(string[] texts)
        {
            var (begin, tokenising) = (Stopwatch.GetTimestamp(), TimeSpan.Zero);
            foreach (var batch in texts.Chunk(Batch))
            {
                var encoding = Stopwatch.GetTimestamp();
                int[][] tokens = [.. batch.Select(text => model.Encode(text).Ids)];
                tokenising += Stopwatch.GetElapsedTime(encoding);
                parallel.Run(tokens, model.Probabilities);
            }

            return (Stopwatch.GetElapsedTime(begin), tokenising);
        }

        public double MeanTokens(string[] texts) => texts.Average(text => model.Encode(text).Ids.Length);

        /// <summary>Articles a second if only the linear layers were computed, each for every token.</summary>
        public double CeilingRate(string[] texts)
        {
            using var network = Network.Open(Base, Adapter, TorchRuntime.CpuType, merged: null);
            var tokens = (int)(MeanTokens(texts) * Batch);
            return Batch / network.Shapes.Sum(shape => Ceiling.Time(shape, tokens, bytes: false).TotalSeconds);
        }

        public void Dispose()
        {
            parallel.Dispose();
            model.Dispose();
            weights.Dispose();
        }
    }
}
