using System.Net;
using System.Text.RegularExpressions;

namespace Serverless.Trainer.Data;

/// <summary>
/// Finds texts that share eight words in a row with a set of others: the usual test for benchmark articles that slipped into
/// training text. Words are in lower case, without markup, HTML's entities read, so that neither hides nor adds one.
/// </summary>
internal sealed partial class Shingles
{
    public const int Length = 8; // words

    private readonly Dictionary<string, int> owners = new(StringComparer.Ordinal); // a shingle, and a text that has it

    /// <param name="texts">What must not be found elsewhere. A text of fewer than eight words is one shorter shingle.</param>
    public Shingles(IEnumerable<string> texts)
    {
        foreach (var (text, i) in texts.Select((text, i) => (text, i)))
        {
            foreach (var shingle in Enumerate(text))
            {
                owners.TryAdd(shingle, i);
            }
        }
    }

    public static Shingles FromFiles(IEnumerable<FileInfo> files) => new(TextFiles.Read(files));

    /// <returns>The words that the text shares with one of the set, and the number of that one; null if there are none.</returns>
    public (string Words, int Owner)? Find(string text)
    {
        foreach (var shingle in Enumerate(text))
        {
            if (owners.TryGetValue(shingle, out var owner))
            {
                return (shingle, owner);
            }
        }

        return null;
    }

    /// <summary>Leaves out the rows to learn from, or to choose by, that share words with one of the set.</summary>
    public IReadOnlyList<DataSetRow> Remove(IReadOnlyList<DataSetRow> rows, List<string> notes)
    {
        DataSetRow[] kept = [.. rows.Where(row => row.Part == DataPart.Test || Find(row.Text) is null)];
        if (kept.Length < rows.Count)
        {
            notes.Add($"{rows.Count - kept.Length} rows left out that share {Length} consecutive words with an excluded article.");
        }

        return kept;
    }

    private static IEnumerable<string> Enumerate(string text)
    {
        string[] words = [.. Word().Matches(Normalize(text)).Select(match => match.Value)];
        for (var start = 0; start + Length <= words.Length; start++)
        {
            yield return string.Join(' ', words, start, Length);
        }

        if (words.Length is > 0 and < Length)
        {
            yield return string.Join(' ', words);
        }
    }

    private static string Normalize(string text) =>
        Markup().Replace(WebUtility.HtmlDecode(BrokenApostrophe().Replace(text, "'")), " ").ToLowerInvariant();

    [GeneratedRegex(@"\s*&?#39;")] // AG News has many "Reuters #39;s"
    private static partial Regex BrokenApostrophe();

    [GeneratedRegex("<[^<>]*>")]
    private static partial Regex Markup();

    [GeneratedRegex(@"[\p{L}\p{N}]+(?:'\p{L}+)*")]
    private static partial Regex Word();
}
