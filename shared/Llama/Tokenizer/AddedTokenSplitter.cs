using System.Buffers;
using System.Globalization;
using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Finds the added tokens of a tokenizer in a text, as Hugging Face tokenizers do: at each position the longest one, first those that are not
/// normalized, then, in the normalized text between them, the others. Special tokens stay text.
/// </summary>
internal sealed class AddedTokenSplitter
{
    private readonly Step? plain;
    private readonly Step? normalized;
    private readonly Normalizer normalizer;

    public AddedTokenSplitter(IEnumerable<AddedToken> tokens, Normalizer normalizer)
    {
        this.normalizer = normalizer;
        plain = Step.Create(tokens.Where(token => !token.IsNormalized));
        normalized = Step.Create(tokens
            .Where(token => token.IsNormalized)
            .Select(token => token with { Content = normalizer.Apply(token.Content) })
            .Where(token => token.Content.Length > 0));
    }

    /// <summary>The parts of a text, in order: an added token's id, or a normalized text to be split into words and null.</summary>
    public IEnumerable<(string Text, int? Id)> Split(string text) => Split(plain, text).SelectMany(
        part => part.Id is null ? Split(normalized, normalizer.Apply(part.Text)) : [part]);

    private static IEnumerable<(string Text, int? Id)> Split(Step? step, string text) => step?.Split(text) ?? [(text, null)];

    private sealed class Step
    {
        private readonly SearchValues<string> search;
        private readonly Dictionary<char, AddedToken[]> tokens; // by first character, the longest first

        private Step(IEnumerable<AddedToken> tokens)
        {
            this.tokens = tokens.GroupBy(token => token.Content[0])
                .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
            search = SearchValues.Create([.. this.tokens.Values.SelectMany(group => group).Select(token => token.Content)], StringComparison.Ordinal);
        }

        /// <returns>Null if no token can occur.</returns>
        public static Step? Create(IEnumerable<AddedToken> tokens) => tokens.Any(token => !token.IsSpecial) ? new Step(tokens) : null;

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
