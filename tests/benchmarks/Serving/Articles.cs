using System.Text.Json;

namespace Serverless.Benchmarks.Serving;

/// <summary>Articles as long as those of AG News, in tokens of Llama 3.</summary>
internal static class Articles
{
    // Counted on 17,365 training articles of AG News: share of articles, minimum and maximum number of tokens. The mean is 51.
    private static readonly (double Share, int Min, int Max)[] Lengths = [(0.07, 20, 32), (0.79, 33, 64), (0.12, 65, 96), (0.02, 97, 128)];

    /// <summary>Random tokens, because their values do not affect the time.</summary>
    public static int[][] Draw(int count, int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Draw(Length(random), vocabulary, random))];
    }

    /// <summary>An article of a given length.</summary>
    public static int[] WithLength(int tokens, int vocabulary) => Draw(tokens, vocabulary, new Random(tokens));

    /// <summary>Texts from the words of the sample articles, with the same distribution of lengths.</summary>
    public static string[] Texts(int count, int seed)
    {
        const double tokensPerWord = 1.3;
        var words = File.ReadLines(Repository.Sample("articles.jsonl"))
            .SelectMany(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!.Split(' ')).ToArray();
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var first = random.Next(words.Length);
            return string.Join(' ', Enumerable.Range(first, (int)(Length(random) / tokensPerWord)).Select(i => words[i % words.Length]));
        })];
    }

    private static int[] Draw(int tokens, int vocabulary, Random random) => [.. Enumerable.Range(0, tokens).Select(_ => random.Next(vocabulary))];

    private static int Length(Random random)
    {
        var place = random.NextDouble();
        foreach (var (share, min, max) in Lengths)
        {
            place -= share;
            if (place < 0)
            {
                return random.Next(min, max + 1);
            }
        }

        return Lengths[^1].Max;
    }
}
