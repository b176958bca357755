

using System.Globalization;
using Serverless.Llama;

namespace Serverless.Trainer.Evaluation;

/// <summary>The token lengths of a data set's articles, including the begin-of-text token.</summary>
internal sealed class TokenLengths
{
    private static readonly int[] RoundWidths = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000];

    // Fewer are outliers, whose first sentences mostly name the topic.
    private const double MinTruncatedShare = 0.1;

    private readonly int[] sorted;

    public TokenLengths(IEnumerable<int> lengths) => sorted = [.. lengths.Order()];

    public int Count => sorted.Length;

    public double Mean => sorted.Average();

    public int Longest => sorted[^1];

    /// <summary>The length that the given share of the articles does not exceed.</summary>
    /// <param name="share">From 0 to 1.</param>
    public int Percentile(double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    /// <summary>Describes a limit that truncates a tenth of the articles or more; null if it does not.</summary>
    public string? DescribeTruncated(int limit)
    {
        var share = (double)sorted.Count(length => length > limit) / Count;
        return share < MinTruncatedShare
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} % of the articles are longer than {limit} tokens (max_length), half of all have ") +
              $"at most {Percentile(0.5)}; what follows is not read: raise max_length, or see what that costs with 'trainer lengths'.";
    }

    /// <summary>Bins of equal width, a round number, starting at the shortest article; the last bin holds the longest 0.5 % too.</summary>
    /// <param name="maxBins">The maximum number of bins.</param>
    public IReadOnlyList<LengthBin> Histogram(int maxBins)
    {
        var (shortest, end) = (sorted[0], Percentile(0.995) + 1);
        var width = Array.Find(RoundWidths, width => Bins(shortest, end, width) <= maxBins) is > 0 and var round ? round : (end + maxBins - 2) / (maxBins - 1);
        var begin = shortest / width * width;
        var articles = new int[Bins(shortest, end, width)];
        foreach (var length in sorted)
        {
            articles[Math.Min((length - begin) / width, articles.Length - 1)]++;
        }

        var last = articles.Length - 1;
        return [.. articles.Select((count, i) => new LengthBin(
            begin + (i * width), i == last ? Math.Max(Longest + 1, begin + ((i + 1) * width)) : begin + ((i + 1) * width), width, count))];
    }

    /// <summary>The effect of a limit: what it truncates and what it costs.</summary>
    public LimitCost At(int limit, LlamaConfig config)
    {
        double tokens = sorted.Sum(length => (long)length);
        double kept = sorted.Sum(length => (long)Math.Min(length, limit));
        return new LimitCost(
            limit,
            (double)sorted.Count(length => length > limit) / Count,
            kept / tokens,
            sorted.Sum(length => Work(Math.Min(length, limit), config)) / sorted.Sum(length => Work(length, config)),
            Count * Work(limit, config) / sorted.Sum(length => Work(length, config)));
    }

    private static int Bins(int shortest, int end, int width) => ((end - 1) / width) - (shortest / width) + 1;

    /// <summary>
    /// Multiplications of one forward pass: linear layers grow with the number of tokens, attention with its square, halved by the
    /// causal mask.
    /// </summary>
    private static double Work(int tokens, LlamaConfig config)
    {
        double attentionWidth = config.NumAttentionHeads * config.HeadDim;
        double linear = (config.HiddenSize * (2 * attentionWidth)) + (2.0 * config.HiddenSize * config.NumKeyValueHeads * config.HeadDim) +
            (3.0 * config.HiddenSize * config.IntermediateSize);
        return config.NumHiddenLayers * ((tokens * linear) + ((double)tokens * tokens * attentionWidth));
    }
}

/// <summary>The articles of <paramref name="From"/> to below <paramref name="To"/> tokens.</summary>
/// <param name="Width">The width of the bins; only the last bin may be wider.</param>
internal sealed record LengthBin(int From, int To, int Width, int Articles);

/// <summary>The effect of <c>--max-length</c> on a data set; all values but the limit are relative to no limit.</summary>
/// <param name="Truncated">Share of the articles that are truncated.</param>
/// <param name="TokensKept">Share of the tokens that are kept.</param>
/// <param name="Cost">Computation, relative to no limit.</param>
/// <param name="PaddedCost">The same if every article were padded to the limit, as many trainers do.</param>
internal sealed record LimitCost(int Limit, double Truncated, double TokensKept, double Cost, double PaddedCost);
