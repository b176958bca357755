using System.Buffers;
using System.Globalization;
using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Finds the added tokens of a tokenizer in a text, as Hugging Face tokenizers do: at each position the longest one, first those that are not
/// normalized, then the others in the text between them. Special tokens stay text.
/// </summary>
internal sealed class AddedTokenSplitter
{
    private readonly Step[] steps;

    public AddedTokenSplitter(IEnumerable<AddedToken> tokens)
    {
        steps =
        [
            .. tokens.GroupBy(token => token.IsNormalized)
                .Where(group => group.Any(token => !token.IsSpecial))
                .OrderBy(group => group.Key)
                .Select(group => new Step(group)),
        ];
    }

    /// <summary>The parts of a text, in order: an added token's id, or a text to be split into words and null.</summary>
    public IEnumerable<(string Text, int? Id)> Split(string text)
    {
        IEnumerable<(string Text, int? Id)> parts = [(text, null)];
        return steps.Aggregate(parts, (before, step) => before.SelectMany(part => part.Id is null ? step.Split(part.Text) : [part]));
    }

    private sealed class Step
    {
        private readonly SearchValues<string> search;
        private readonly Dictionary<char, AddedToken[]> tokens; // by first character, the longest first

        public Step(IEnumerable<AddedToken> tokens)
        {
            this.tokens = tokens.GroupBy(token => token.Content[0])
                .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
            search = SearchValues.Create([.. this.tokens.Values.SelectMany(group => group).Select(token => token.Content)], StringComparison.Ordinal);
        }

        public IEnumerable<(string Text, int? Id)> Split(string text)
        {
            var end = 0; // of the parts that were returned
            var position = 0;
            while (Find(text, position) is var (start, token))
            {
                var stop = start + token.Content.Length;
                position = stop;
                if (token.IsSpecial || token.IsWord && (EndsInWord(text.AsSpan(0, start)) || BeginsWithWord(text.AsSpan(stop))))
                {
                    continue;
                }

                start = token.TakesSpacesBefore ? Math.Max(end, text.AsSpan(0, start).TrimEnd().Length) : start;
                stop = token.TakesSpacesAfter ? text.Length - text.AsSpan(stop).TrimStart().Length : stop;
                if (end < start)
                {
                    yield return (text[end..start], null);
                }

                yield return ("", token.Id);
                end = stop;
                position = stop;
            }

            if (end < text.Length)
            {
                yield return (text[end..], null);
            }
        }

        private (int Start, AddedToken Token)? Find(string text, int from)
        {
            if (from > text.Length || text.AsSpan(from).IndexOfAny(search) is not (>= 0 and var index))
            {
                return null;
            }

            var rest = from + index;
            return (rest, tokens[text[rest]].First(token => string.CompareOrdinal(text, rest, token.Content, 0, token.Content.Length) == 0));
        }

        private static bool EndsInWord(ReadOnlySpan<char> text) =>
            Rune.DecodeLastFromUtf16(text, out var last, out _) == OperationStatus.Done && IsWord(last);

        private static bool BeginsWithWord(ReadOnlySpan<char> text) =>
            Rune.DecodeFromUtf16(text, out var first, out _) == OperationStatus.Done && IsWord(first);

        // \w of Unicode's regular expressions.
        private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) is
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
    }
}
