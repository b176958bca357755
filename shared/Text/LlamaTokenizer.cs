using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Serverless.Text;

/// <summary>Token ids of a text, begin-of-text included, and whether text was cut off.</summary>
public readonly record struct TokenizedText(int[] Ids, bool Truncated);

/// <summary>
/// Text to token ids, as the genuine tokenizer of a byte-level BPE <c>tokenizer.json</c> makes them, with one deliberate
/// difference: a special token's name written in a text stays text.
/// </summary>
public sealed class LlamaTokenizer
{
    // A token stands for at least one byte, so a text longer than this many characters a token is cut before the work is done.
    private const int MaxCharactersPerToken = 64;

    private readonly Tokenizer words;

    private LlamaTokenizer(Tokenizer words, int? beginOfText, int vocabularySize)
    {
        this.words = words;
        BeginOfText = beginOfText;
        VocabularySize = vocabularySize;
    }

    /// <summary>The id that begins each text; null if the tokenizer adds none.</summary>
    public int? BeginOfText { get; }

    /// <summary>One more than the highest id of an ordinary token.</summary>
    public int VocabularySize { get; }

    /// <exception cref="InvalidDataException">The file is no byte-level BPE that this code understands; names the setting.</exception>
    public static LlamaTokenizer Read(string tokenizerJsonPath)
    {
        var file = TokenizerFile.Read(tokenizerJsonPath);
        Tokenizer words = file.IgnoreMerges ? ByRank(file, tokenizerJsonPath) : ByMerges(file, tokenizerJsonPath);
        return new LlamaTokenizer(words, file.BeginOfText, file.Vocabulary.Values.Max() + 1);
    }

    /// <param name="text">Any text; unpaired surrogates count as U+FFFD.</param>
    /// <param name="maxTokens">The most ids wanted, begin-of-text included; at least 2.</param>
    public TokenizedText Encode(string text, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 2);
        var room = BeginOfText is null ? maxTokens : maxTokens - 1;
        var cut = Cut(text, (long)maxTokens * MaxCharactersPerToken);
        var ids = words.EncodeToIds(cut, room, out _, out var consumed);
        var truncated = cut.Length < text.Length || consumed < cut.Length;
        return new TokenizedText(BeginOfText is { } begin ? [begin, .. ids] : [.. ids], truncated);
    }

    // Never between the halves of a surrogate pair.
    private static string Cut(string text, long characters)
    {
        if (text.Length <= characters)
        {
            return text;
        }

        var end = (int)characters;
        return char.IsHighSurrogate(text[end - 1]) ? text[..(end - 1)] : text[..end];
    }

    // Llama 3: ids are merge ranks and whole words are looked up first, which is what the Tiktoken tokenizer does.
    private static TiktokenTokenizer ByRank(TokenizerFile file, string path)
    {
        var ranks = new StringBuilder();
        foreach (var (token, id) in file.Vocabulary)
        {
            var bytes = ByteLevel.ToBytes(token)
                ?? throw new InvalidDataException($"{path}: vocabulary entry \"{token}\" is not written in byte-level characters.");
            ranks.Append(Convert.ToBase64String(bytes)).Append(' ').Append(id.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }

        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(ranks.ToString()));
        return TiktokenTokenizer.Create(stream, PreTokenizer(file), normalizer: null);
    }

    private static BpeTokenizer ByMerges(TokenizerFile file, string path)
    {
        if (file.Vocabulary.Keys.FirstOrDefault(token => ByteLevel.ToBytes(token) is null) is { } foreign && file.Merges.Count == 0)
        {
            throw new InvalidDataException($"{path}: vocabulary entry \"{foreign}\" is not written in byte-level characters.");
        }

        return BpeTokenizer.Create(new BpeOptions(file.Vocabulary)
        {
            Merges = file.Merges,
            ByteLevel = true,
            PreTokenizer = PreTokenizer(file),
        });
    }

    private static PreTokenizer PreTokenizer(TokenizerFile file)
    {
        var patterns = file.WordPatterns
            .Select(pattern => new RegexPreTokenizer(new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant), null))
            .ToArray();
        return patterns.Length == 1 ? patterns[0] : new CompositePreTokenizer(patterns);
    }
}
