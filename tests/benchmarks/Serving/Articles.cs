using System.Text.Json;

namespace Serverless.Benchmarks.Serving;

/// <summary>Articles as long as those of AG News, in tokens of Llama 3.</summary>
internal static class Articles
{
    // Counted on 17,365 training articles of AG News: share of articles, fewest and most tokens. Mean 51.
    private static readonly (double Share, int Fewest, int Most)[] Lengths = [(0.07, 20, 32), (0.79, 33, 64), (0.12, 65, 96), (0.02, 97, 128)];

    /// <summary>Random tokens: what they say changes no time.</summary>
    public static int[][] Draw(int count, int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Draw(Length(random), vocabulary, random))];
    }

    /// <summary>One article of a given length.</summary>
    public static int[] OfLength(int tokens, int vocabulary) => Draw(tokens, vocabulary, new Random(tokens));

    /// <summary>Texts of real words, running through the repository's sample articles, with lengths spread in the same way.</summary>
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
        foreach (var (share, fewest, most) in Lengths)
        {
            place -= share;
            if (place < 0)
            {
                return random.Next(fewest, most + 1);
            }
        }

        return Lengths[^1].Most;
    }
}
