using System.Text.RegularExpressions;

namespace Serverless.UnitTests.Samples;

/// <summary>A text as its words, lower-cased and freed of punctuation, and the runs of consecutive words in it.</summary>
internal sealed partial class WordRuns
{
    private readonly string normalised;
    private readonly int[] starts;

    public WordRuns(string text)
    {
        Words = [.. Word().Matches(text.ToLowerInvariant()).Select(match => match.Value)];
        normalised = string.Join(' ', Words);
        starts = new int[Words.Length];
        for (var i = 1; i < Words.Length; i++)
        {
            starts[i] = starts[i - 1] + Words[i - 1].Length + 1;
        }
    }

    public string[] Words { get; }

    /// <summary>Every run of <paramref name="length"/> words, in order; none when the text is shorter than that.</summary>
    public IEnumerable<ReadOnlyMemory<char>> OfLength(int length)
    {
        for (var first = 0; first + length <= Words.Length; first++)
        {
            var last = first + length - 1;
            yield return normalised.AsMemory(starts[first]..(starts[last] + Words[last].Length));
        }
    }

    public HashSet<string> SetOfLength(int length) => [.. OfLength(length).Select(run => run.ToString())];

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();
}
