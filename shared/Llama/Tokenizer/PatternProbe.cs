using System.Text.RegularExpressions;

namespace Serverless.Llama.Tokenizer;

/// <summary>Tries a split pattern on hostile texts, and compares its words with those of .NET's engine with backtracking.</summary>
internal static class PatternProbe
{
    private const int LongText = 1024;
    private const int ShortTexts = 128;
    private const int MaxPieces = 8;

    // Long enough for the texts of a few characters below, and short for a pattern that backtracks without end.
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromMilliseconds(20);

    // In the kinds of characters that patterns name.
    private static readonly string[] Pieces = ["a", "B", "'s", "12345", " ", "   ", "\n", "\r\n", "\t", "!", "?!", "é", "文", "_", ".", "1"];

    /// <returns>Null if the pattern can be used.</returns>
    public static string? FindProblem(string pattern, WordPattern words)
    {
        try
        {
            foreach (var piece in Pieces)
            {
                Split(words, string.Concat(Enumerable.Repeat(piece, LongText / piece.Length)) + "\0");
            }
        }
        catch (RegexMatchTimeoutException exception)
        {
            return $"it takes more than {exception.MatchTimeout.TotalSeconds:0} s on a text of {LongText} characters";
        }

        var reference = new Regex(pattern, RegexOptions.CultureInvariant, ShortTimeout);
        var random = new Random(1);
        var texts = Enumerable.Range(0, ShortTexts).Select(_ => string.Concat(random.GetItems(Pieces, random.Next(1, MaxPieces))));
        return texts.Any(text => Differs(reference, words, text))
            ? "the engine without backtracking splits some texts differently"
            : null;
    }

    private static bool Differs(Regex reference, WordPattern words, string text)
    {
        try
        {
            return !reference.Matches(text).Select(match => (match.Index, match.Length)).SequenceEqual(Split(words, text));
        }
        catch (RegexMatchTimeoutException)
        {
            return false; // it backtracks without end; the other engine does not
        }
    }

    private static List<(int Start, int Length)> Split(WordPattern words, string text)
    {
        var found = new List<(int Start, int Length)>();
        foreach (var word in words.Match(text))
        {
            found.Add(word);
        }

        return found;
    }
}
