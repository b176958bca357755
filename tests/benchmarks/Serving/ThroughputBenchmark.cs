using System.Diagnostics;
using System.Globalization;
using Serverless.Benchmarks.Report;
using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>The 1B shape compared with llama.cpp and with the limit of the processor: articles a second, and the time of one article.</summary>
internal static class ThroughputBenchmark
{
    private const int Batch = 32;
    private const int PeerSequences = 8;
    private const int AloneTokens = 64;

    /// <param name="cache">The folder of the model.</param>
    /// <param name="rounds">The number of rounds.</param>
    /// <param name="articles">The number of articles for the peer in a round; this project gets a whole batch.</param>
    /// <returns>Markdown.</returns>
    public static string Run(string cache, int rounds, int articles)
    {
        var (model, adapter) = (ModelFolder.Base(cache), ModelFolder.Adapter(cache, 1));
        using var bf16 = Network.Open(model, adapter, ScalarType.BFloat16, Precision.Bf16);
        using var int8 = Network.Open(model, adapter, ScalarType.BFloat16, Precision.Int8);
        var threads = get_num_threads();
        using var peerBf16 = Peer.Start(Gguf.Convert(model, Path.Combine(cache, "bf16.gguf"), quantised: false), threads, 1);
        using var peerBf16Batched = Peer.Start(Path.Combine(cache, "bf16.gguf"), threads, PeerSequences);
        using var peerQ8 = Peer.Start(Gguf.Convert(model, Path.Combine(cache, "q8_0.gguf"), quantised: true), threads, 1);
        using var peerQ8Batched = Peer.Start(Path.Combine(cache, "q8_0.gguf"), threads, PeerSequences);

        Contestant[] contestants =
        [
            new("this project, int8", int8, null, Batch),
            new("this project, bf16", bf16, null, Batch),
            new($"llama.cpp bf16, {PeerSequences} sequences a batch", null, peerBf16Batched, articles),
            new("llama.cpp bf16, one at a time", null, peerBf16, articles),
            new($"llama.cpp q8_0, {PeerSequences} sequences a batch", null, peerQ8Batched, articles),
            new("llama.cpp q8_0, one at a time", null, peerQ8, articles),
        ];
        var (ceilingBf16, ceilingInt8) = (new Series(), new Series());
        for (var round = -1; round < rounds; round++) // the first round is a warm-up
        {
            Console.Error.WriteLine(round < 0 ? "Warming up" : $"Round {round + 1} of {rounds}");
            var (bf16Rate, int8Rate) = (Ceiling.Rate(bf16.Shapes, 1024, bytes: false), Ceiling.Rate(bf16.Shapes, 1024, bytes: true));
            foreach (var contestant in contestants)
            {
                contestant.Run(round);
            }

            if (round >= 0)
            {
                ceilingBf16.Add(bf16Rate / bf16.OperationsPerToken);
                ceilingInt8.Add(int8Rate / bf16.OperationsPerToken);
            }
        }

        return Table(contestants, ceilingBf16, ceilingInt8, bf16.OperationsPerToken);
    }

    private static string Table(Contestant[] contestants, Series ceilingBf16, Series ceilingInt8, double operations)
    {
        var (int8, bf16, peerBatched, peer, q8Batched, q8) = (contestants[0], contestants[1], contestants[2], contestants[3], contestants[4], contestants[5]);
        var best = peerBatched.TokensPerSecond.Median > peer.TokensPerSecond.Median ? peerBatched : peer;
        var bestQ8 = q8Batched.TokensPerSecond.Median > q8.TokensPerSecond.Median ? q8Batched : q8;
        var rows = contestants.Select(contestant => string.Create(CultureInfo.InvariantCulture,
            $"| {contestant.Name} | {contestant.ArticlesPerSecond.Median:0.00} | {contestant.TokensPerSecond.Median:0} | {contestant.TokensPerSecond.Over(best.TokensPerSecond):0.00} | {contestant.AloneMilliseconds.Median:0} |"));
        return string.Create(CultureInfo.InvariantCulture, $"""
            ## Llama 3.2 1B on a CPU, beside llama.cpp

            Random weights, LoRA of rank 16 merged, articles as long as AG News' (51 tokens on average), {get_num_threads()} threads each.
            llama.cpp is node-llama-cpp 3.22.1, prebuilt; only the last token of an article has an output. Medians of rounds in which all take turns.

            | | articles/s | tokens/s | × llama.cpp bf16 at its best | one article of {AloneTokens} tokens, ms |
            | --- | --- | --- | --- | --- |
            {string.Join('\n', rows)}
            | ceiling: the largest linear alone, int8 | | {ceilingInt8.Median:0} | | |
            | ceiling: the largest linear alone, bf16 | | {ceilingBf16.Median:0} | | |

            | what must hold | bar | measured | |
            | --- | --- | --- | --- |
            | bf16, times llama.cpp bf16 one at a time / at its best | ≥ 3.8 | {bf16.TokensPerSecond.Over(peer.TokensPerSecond):0.00} / {bf16.TokensPerSecond.Over(best.TokensPerSecond):0.00} | {Bar.AtLeast(bf16.TokensPerSecond.Over(best.TokensPerSecond), 3.8)} |
            | bf16, times llama.cpp q8_0 one at a time / at its best | ≥ 3.5 | {bf16.TokensPerSecond.Over(q8.TokensPerSecond):0.00} / {bf16.TokensPerSecond.Over(bestQ8.TokensPerSecond):0.00} | {Bar.AtLeast(bf16.TokensPerSecond.Over(bestQ8.TokensPerSecond), 3.5)} |
            | bf16, share of the ceiling | ≥ 90 % | {bf16.TokensPerSecond.Over(ceilingBf16):0.0 %} | {Bar.AtLeast(bf16.TokensPerSecond.Over(ceilingBf16), 0.9)} |
            | int8, times llama.cpp bf16 one at a time / at its best | ≥ 6 | {int8.TokensPerSecond.Over(peer.TokensPerSecond):0.00} / {int8.TokensPerSecond.Over(best.TokensPerSecond):0.00} | {Bar.AtLeast(int8.TokensPerSecond.Over(best.TokensPerSecond), 6)} |
            | int8, share of the int8 product's ceiling | | {int8.TokensPerSecond.Over(ceilingInt8):0.0 %} | |
            | one article of {AloneTokens} tokens, share of llama.cpp bf16's time: bf16 / int8 | ≤ 0.33 | {bf16.AloneMilliseconds.Over(peer.AloneMilliseconds):0.00} / {int8.AloneMilliseconds.Over(peer.AloneMilliseconds):0.00} | {Bar.AtMost(bf16.AloneMilliseconds.Over(peer.AloneMilliseconds), 0.33)} / {Bar.AtMost(int8.AloneMilliseconds.Over(peer.AloneMilliseconds), 0.33)} |

            A ceiling is the rate of the linear layer alone, over the {operations / 1e9:0.00} billion operations that a token needs in the linear layers;
            the last layer computes most of them for one token of an article only, which counts in our favour.
            """);
    }

    /// <summary>A contestant, this project or the peer, and its figures.</summary>
    private sealed record Contestant(string Name, Network? Network, Peer? Peer, int Articles)
    {
        private const int Vocabulary = 128000;

        public Series ArticlesPerSecond { get; } = new();

        public Series TokensPerSecond { get; } = new();

        public Series AloneMilliseconds { get; } = new();

        public void Run(int round)
        {
            var articles = Serving.Articles.Draw(round < 0 ? 8 : Articles, Vocabulary, seed: round + 1);
            var seconds = Time(articles).TotalSeconds;
            var alone = Time([Serving.Articles.WithLength(AloneTokens, Vocabulary)]).TotalMilliseconds;
            if (round >= 0)
            {
                ArticlesPerSecond.Add(articles.Length / seconds);
                TokensPerSecond.Add(articles.Sum(article => article.Length) / seconds);
                AloneMilliseconds.Add(alone);
            }
        }

        private TimeSpan Time(int[][] articles)
        {
            if (Peer is not null)
            {
                return Peer.Run(articles);
            }

            var begin = Stopwatch.GetTimestamp();
            Network!.Logits(articles);
            return Stopwatch.GetElapsedTime(begin);
        }
    }
}
