using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Splits a text into the words that byte-pair encoding works on. Each pattern splits the parts of the pattern before it into its matches and
/// the text between them.
/// </summary>
internal sealed class WordSplitter(IReadOnlyList<WordPattern> patterns)
{
    // One character outside ASCII for each category, so that no pattern names it.
    private static readonly char[] Substitutes = BuildSubstitutes();

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
        if (depth == patterns.Count)
        {
            return text.IsEmpty || visit(offset, text.Length);
        }

        var end = 0;
        foreach (var (start, length) in patterns[depth].Match(text))
        {
            if (!Split(text[end..start], offset + end, depth + 1, visit)
                || !Split(text.Slice(start, length), offset + start, depth + 1, visit))
            {
                return false;
            }

            end = start + length;
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
