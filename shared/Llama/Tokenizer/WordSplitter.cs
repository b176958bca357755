using System.Text;
using System.Text.RegularExpressions;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Splits a text into the words that byte-pair encoding works on. Each pattern splits the parts of the pattern before it into its matches and
/// the text between them.
/// </summary>
internal sealed class WordSplitter(IReadOnlyList<string> patterns)
{
    // One character outside ASCII for each category, so that no pattern names it.
    private static readonly char[] Substitutes = BuildSubstitutes();

    // Compiled at the first text, since compiling takes longer than reading the file.
    private readonly Lazy<Regex[]> expressions =
        new(() => [.. patterns.Select(pattern => new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant))]);

    /// <param name="text">Any text.</param>
    /// <param name="visit">Called with the start and the length of each word in order; returns false to stop.</param>
    public void Split(string text, Func<int, int, bool> visit)
    {
        if (!text.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
        {
            Split(text, 0, 0, visit);
            return;
        }

        var (units, starts) = ToSingleUnits(text);
        Split(units, 0, 0, (start, length) => visit(starts[start], starts[start + length] - starts[start]));
    }

    private bool Split(ReadOnlySpan<char> text, int offset, int depth, Func<int, int, bool> visit)
    {
        if (depth == expressions.Value.Length)
        {
            return text.IsEmpty || visit(offset, text.Length);
        }

        var end = 0;
        foreach (var match in expressions.Value[depth].EnumerateMatches(text))
        {
            if (!Split(text[end..match.Index], offset + end, depth + 1, visit)
                || !Split(text.Slice(match.Index, match.Length), offset + match.Index, depth + 1, visit))
            {
                return false;
            }

            end = match.Index + match.Length;
        }

        return Split(text[end..], offset + end, depth + 1, visit);
    }

    // .NET matches UTF-16 code units, Hugging Face tokenizers match characters. In a text with characters beyond the Basic Multilingual Plane, each
    // of these is therefore replaced by one code unit of the same Unicode category before the text is split.
    private static (string Text, int[] Starts) ToSingleUnits(string text)
    {
        var units = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        var start = 0;
        foreach (var rune in text.EnumerateRunes()) // an unpaired surrogate is enumerated as U+FFFD
        {
            units.Append(rune.IsBmp ? (char)rune.Value : Substitutes[(int)Rune.GetUnicodeCategory(rune)]);
            starts.Add(start);
            start += rune.Utf16SequenceLength;
        }

        starts.Add(start);
        return (units.ToString(), [.. starts]);
    }

    private static char[] BuildSubstitutes()
    {
        var substitutes = new char[30];
        for (var c = '\uffff'; c > '\u007f'; c--)
        {
            substitutes[(int)char.GetUnicodeCategory(c)] = c;
        }

        return substitutes;
    }
}
