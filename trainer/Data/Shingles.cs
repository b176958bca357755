using System.Net;
using System.Text.RegularExpressions;

namespace Serverless.Trainer.Data;

/// <summary>
/// Finds texts that share eight consecutive words (a shingle) with a set of other texts: the usual test for benchmark articles in
/// training text. Words are compared in lower case, without markup and with HTML entities decoded.
/// </summary>
internal sealed partial class Shingles
{
    public const int Length = 8; // words

    private readonly Dictionary<string, int> owners = new(StringComparer.Ordinal); // a shingle, and the index of a text with it

    /// <param name="texts">The texts to search for. A text of fewer than eight words is one shorter shingle.</param>
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

    /// <returns>The shared words, and the index of the text that has them; null if there are none.</returns>
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

    /// <summary>Removes training and held-out rows that share words with one of the texts.</summary>
    /// <returns>The remaining rows, and a note on the removed ones.</returns>
    public (IReadOnlyList<DataSetRow> Rows, IReadOnlyList<string> Notes) Remove(IReadOnlyList<DataSetRow> rows)
    {
        DataSetRow[] kept = [.. rows.Where(row => row.Part == DataPart.Test || Find(row.Text) is null)];
        IReadOnlyList<string> notes = kept.Length == rows.Count
            ? []
            : [$"{rows.Count - kept.Length} rows left out that share {Length} consecutive words with an excluded article."];
        return (kept, notes);
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
