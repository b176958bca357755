using System.Text.RegularExpressions;

namespace Serverless.Llama.Tokenizer;

/// <summary>A regular expression that splits a text into words, in a time that does not explode with any text.</summary>
/// <remarks>
/// The patterns of GPT-2, Llama 3, Qwen and SentencePiece are known to take linear time, and are compiled. Any other pattern is data of a
/// stranger: backtracking would let a pattern such as <c>(a+)+b</c> hold a core for ever on 45 letters. It runs on the engine without
/// backtracking, which does not support lookaheads; the one that tokenizers use, <c>\s+(?!\S)|\s+</c> at the end, is implemented here.
/// </remarks>
internal sealed partial class WordPattern
{
    /// <summary>GPT-2's pattern, which the step ByteLevel applies unless use_regex is false (tokenizers, byte_level.rs).</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Llama 3's pattern with one digit a word.</summary>
    public const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Digit = @"\p{N}";

    /// <summary>What SentencePiece writes for a space, U+2581.</summary>
    public const char Metaspace = '▁';

    /// <summary>Words with the spaces before them. No token of a vocabulary has a space behind another character, so that none is divided.</summary>
    public const string Pieces = "▁+[^▁]*|[^▁]+";

    /// <summary>Words with the space before them (Metaspace with split).</summary>
    public const string SplitPieces = "▁[^▁]*|[^▁]+";

    private const string Spaces = @"\s+(?!\S)|\s+";
    private const string SpacesGroup = "spaces_of_the_tail";
    private const int MaxLength = 4096;

    // Two characters that Unicode gives to no text. As an alternative they switch off a search of .NET 10 for the start of a match, which misses
    // the first matches of a pattern such as `\s?\p{L}+`.
    private const string Never = @"\uFFFE\uFFFF";

    private static readonly string[] Known = [Gpt2, Llama3, Qwen2, Digit, Pieces, SplitPieces];
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly Lazy<Regex> expression;
    private readonly bool hasTail;

    private WordPattern(Lazy<Regex> expression, bool hasTail)
    {
        this.expression = expression;
        this.hasTail = hasTail;
    }

    /// <exception cref="NotSupportedException">The pattern is not supported, or its time is not bounded; names the pattern.</exception>
    /// <exception cref="RegexParseException">It is not a regular expression.</exception>
    public static WordPattern Create(string pattern)
    {
        if (Known.Contains(pattern))
        {
            // Compiled at the first text, since compiling takes longer than reading the file.
            return new WordPattern(new(() => new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant)), hasTail: false);
        }

        if (pattern.Length > MaxLength)
        {
            throw Unsupported(pattern, $"it has {pattern.Length:N0} characters, and at most {MaxLength:N0} are supported");
        }

        if (LazyQuantifier().IsMatch(pattern))
        {
            throw Unsupported(pattern, "it has a lazy quantifier");
        }

        var hasTail = pattern == Spaces || pattern.EndsWith("|" + Spaces, StringComparison.Ordinal);
        var expression = CreateLinear(pattern, hasTail);
        var words = new WordPattern(new(expression), hasTail);
        return expression.IsMatch("") ? throw Unsupported(pattern, "it matches the empty text")
            : PatternProbe.FindProblem(pattern, words) is { } problem ? throw Unsupported(pattern, problem)
            : words;
    }

    /// <summary>The words of a text, in order.</summary>
    public Enumerator Match(ReadOnlySpan<char> text) => new(this, text);

    private static Regex CreateLinear(string pattern, bool hasTail)
    {
        const RegexOptions options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        try
        {
            if (!hasTail)
            {
                return new Regex($"(?:{pattern})|{Never}", options, Timeout);
            }

            var words = pattern == Spaces ? "" : pattern[..^(Spaces.Length + 1)];
            _ = new Regex(words, options); // the tail is an alternative of the whole pattern, and not of a group in it
            return new Regex(words.Length == 0 ? $@"(?<{SpacesGroup}>\s+)" : $@"(?:{words})|(?<{SpacesGroup}>\s+)", options, Timeout);
        }
        catch (NotSupportedException exception)
        {
            throw Unsupported(
                pattern,
                "it needs backtracking (a lookaround, a backreference or an atomic group) or is too large, so its time has no bound",
                exception);
        }
    }

    private static NotSupportedException Unsupported(string pattern, string reason, Exception? inner = null) =>
        new($"pre_tokenizer pattern \"{(pattern.Length <= 100 ? pattern : pattern[..100] + "…")}\" is not supported: {reason}.", inner);

    // Behind a quantifier that is not itself an escaped character.
    [GeneratedRegex(@"(?<!\\)[?*+}]\?")]
    private static partial Regex LazyQuantifier();

    /// <summary>Enumerates the start and the length of each word, without allocation unless the pattern has the tail.</summary>
    public ref struct Enumerator
    {
        private readonly WordPattern pattern;
        private readonly string? rest; // null unless the pattern has the tail
        private Regex.ValueMatchEnumerator matches;
        private int position;

        public Enumerator(WordPattern pattern, ReadOnlySpan<char> text)
        {
            this.pattern = pattern;
            if (pattern.hasTail)
            {
                rest = text.ToString();
            }
            else
            {
                matches = pattern.expression.Value.EnumerateMatches(text);
            }
        }

        public (int Start, int Length) Current { get; private set; }

        public readonly Enumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (rest is null)
            {
                var found = matches.MoveNext();
                Current = found ? (matches.Current.Index, matches.Current.Length) : default;
                return found;
            }

            if (position > rest.Length)
            {
                return false;
            }

            var match = pattern.expression.Value.Match(rest, position);
            // (?!\S): spaces before a word leave the last one to it.
            var isLeftToWord = match.Groups[SpacesGroup].Success && match.Length > 1 && match.Index + match.Length < rest.Length;
            Current = (match.Index, isLeftToWord ? match.Length - 1 : match.Length);
            position = match.Index + Math.Max(1, Current.Length);
            return match.Success;
        }
    }
}
