using System.Runtime.InteropServices;
using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Normalization form C of Unicode: a letter and the marks after it become one character. The tokenizers of Qwen apply it, and so do the labels
/// of data sets, because macOS and some editors write the two apart, so that two labels look alike and differ.
/// </summary>
/// <remarks>
/// <see cref="string.Normalize()"/> returns its input unchanged where the program runs without ICU, as this one does. The data are in
/// <see cref="UnicodeTables"/>; Hangul is computed.
/// </remarks>
public static class UnicodeComposition
{
    private const int HangulBase = 0xAC00;
    private const int HangulCount = 11172;
    private const int LeadBase = 0x1100;
    private const int LeadCount = 19;
    private const int VowelBase = 0x1161;
    private const int VowelCount = 21;
    private const int TailBase = 0x11A7;
    private const int TailCount = 28;

    public static string Compose(string text)
    {
        if (!text.AsSpan().ContainsAny(UnicodeTables.Involved))
        {
            return text; // nearly every text: it has no marks of its own and no character that is replaced
        }

        var runes = new List<Rune>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune, runes);
        }

        SortMarks(runes);
        var composed = new StringBuilder(text.Length);
        Compose(runes).ForEach(rune => composed.Append(rune));
        return composed.ToString();
    }

    private static void Decompose(Rune rune, List<Rune> target)
    {
        if (!UnicodeTables.Decompositions.TryGetValue(rune.Value, out var parts))
        {
            target.Add(rune);
            return;
        }

        Decompose(parts.First, target);
        if (parts.Second is { } second)
        {
            target.Add(second);
        }
    }

    // Marks of different classes have one canonical order; those of one class keep theirs.
    private static void SortMarks(List<Rune> runes)
    {
        for (var start = 0; start < runes.Count; start++)
        {
            var end = start;
            while (end < runes.Count && UnicodeTables.Class(runes[end]) > 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var sorted = runes[start..end].OrderBy(UnicodeTables.Class).ToArray(); // a stable sort, in n log n for any text
                sorted.CopyTo(CollectionsMarshal.AsSpan(runes)[start..]);
            }

            start = end;
        }
    }

    private static List<Rune> Compose(List<Rune> runes)
    {
        var composed = new List<Rune>(runes.Count);
        var starter = -1; // the index of the character that marks are joined with
        foreach (var rune in runes)
        {
            // A mark of the same class between the two, or any character without a class, keeps them apart.
            var isNext = starter >= 0 && (starter == composed.Count - 1
                || (UnicodeTables.Class(composed[^1]) is > 0 and var last && last < UnicodeTables.Class(rune)));
            if (isNext && Join(composed[starter], rune) is { } joined)
            {
                composed[starter] = joined;
                continue;
            }

            composed.Add(rune);
            starter = UnicodeTables.Class(rune) == 0 ? composed.Count - 1 : starter;
        }

        return composed;
    }

    private static Rune? Join(Rune first, Rune second)
    {
        if (first.Value - LeadBase is >= 0 and < LeadCount and var lead && second.Value - VowelBase is >= 0 and < VowelCount and var vowel)
        {
            return new Rune(HangulBase + (((lead * VowelCount) + vowel) * TailCount));
        }

        if (first.Value - HangulBase is >= 0 and < HangulCount and var syllable && syllable % TailCount == 0
            && second.Value - TailBase is > 0 and < TailCount and var tail)
        {
            return new Rune(first.Value + tail);
        }

        return UnicodeTables.Compositions.TryGetValue((first.Value, second.Value), out var composed) ? composed : null;
    }
}
