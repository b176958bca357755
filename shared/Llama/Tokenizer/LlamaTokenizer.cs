using System.Collections.Concurrent;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Serverless.Llama.Tokenizer;

/// <summary>Token ids of a text, begin-of-text included, and whether text was cut off.</summary>
public readonly record struct TokenizedText(int[] Ids, bool Truncated);

/// <summary>
/// Text to token ids, as the genuine tokenizer of a byte-level BPE <c>tokenizer.json</c> makes them, with two deliberate
/// differences: a special token's name written in a text stays text, and a text is never cut inside a character.
/// Safe to use from several threads.
/// </summary>
public sealed class LlamaTokenizer
{
    // News repeats itself: 30,000 words are nearly all that 80,000 articles need twice.
    private const int MaxCachedWords = 1 << 15;
    private const int MaxCachedWordLength = 24;

    // The time of the library's merging grows with the square of a word's length: 64 s for 400,000 letters, where
    // BytePairEncoder takes under one. One hostile article must not hold up all others; ordinary words are far shorter.
    private const int MaxLibraryWordLength = 512;

    // The library takes most of a second of a core to make its tables for Llama 3. A cold process answers its first articles before,
    // with the same tokens.
    private const int WordsBeforeLibrary = 256;

    private readonly WordSplitter splitter;
    private readonly Lazy<Task<BpeTokenizer>> library;
    private readonly BytePairEncoder fallbackEncoder;
    private readonly Dictionary<string, int>? vocabulary;
    private readonly Dictionary<int, int> bytesOfToken;
    private readonly ConcurrentDictionary<string, int[]> cache = new(StringComparer.Ordinal);
    private int cacheCount;

    private LlamaTokenizer(TokenizerFile file)
    {
        splitter = new WordSplitter(file.WordPatterns);
        library = new(() => Task.Run(() => BpeTokenizer.Create(new BpeOptions(file.Vocabulary)
        {
            Merges = file.MergeTexts(),
            ByteLevel = true,
            PreTokenizer = null, // words come cut already
        })));
        fallbackEncoder = new BytePairEncoder(file);
        vocabulary = file.IgnoreMerges ? file.Vocabulary : null;
        bytesOfToken = file.Vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key.Length);
        BosTokenId = file.BosTokenId;
        VocabularySize = file.Vocabulary.Values.Max() + 1;
    }

    /// <summary>The id that begins each text; null if the tokenizer adds none.</summary>
    public int? BosTokenId { get; }

    /// <summary>One more than the highest id of an ordinary token.</summary>
    public int VocabularySize { get; }

    /// <summary>Ended when the library merges words from now on.</summary>
    internal Task LibraryReady => library.Value;

    /// <exception cref="InvalidDataException">The file is no byte-level BPE that this code understands; names the setting.</exception>
    public static LlamaTokenizer Read(string tokenizerJsonPath) => new(TokenizerFile.Read(tokenizerJsonPath));

    /// <param name="text">Any text; unpaired surrogates count as U+FFFD.</param>
    /// <param name="maxTokens">The most ids wanted, begin-of-text included; at least 2.</param>
    public TokenizedText Encode(string text, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 2);
        text = ReplaceUnpairedSurrogates(text);
        var ids = new List<int>();
        if (BosTokenId is { } begin)
        {
            ids.Add(begin);
        }

        var truncated = false;
        splitter.Split(text, (start, length) =>
        {
            var word = text.AsSpan(start, length);
            var tokens = Encode(word);
            truncated = ids.Count + tokens.Length > maxTokens;
            ids.AddRange(truncated ? TruncateAtCharacterBoundary(word, tokens, maxTokens - ids.Count) : tokens);
            return !truncated; // what lies behind the cut is never looked at
        });
        return new TokenizedText([.. ids], truncated);
    }

    private int[] Encode(ReadOnlySpan<char> word)
    {
        var lookup = cache.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(word, out var tokens))
        {
            return tokens;
        }

        tokens = Merge(word);
        if (word.Length <= MaxCachedWordLength && cacheCount < MaxCachedWords && lookup.TryAdd(word, tokens))
        {
            Interlocked.Increment(ref cacheCount);
        }

        return tokens;
    }

    // Half a surrogate pair is no character: U+FFFD stands for it, as wherever text becomes UTF-8.
    private static string ReplaceUnpairedSurrogates(string text) =>
        text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;

    private int[] Merge(ReadOnlySpan<char> word)
    {
        if (vocabulary is not null && vocabulary.TryGetValue(ByteLevel.ToText(Utf8(word)), out var token))
        {
            return [token];
        }

        return word.Length <= MaxLibraryWordLength && cacheCount >= WordsBeforeLibrary && library.Value is { IsCompletedSuccessfully: true } made
            ? [.. made.Result.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false)]
            : fallbackEncoder.Encode(Utf8(word));
    }

    /// <summary>As many tokens as there is room for, without those that end inside a character.</summary>
    private ReadOnlySpan<int> TruncateAtCharacterBoundary(ReadOnlySpan<char> word, int[] tokens, int maxTokens)
    {
        var bytes = Utf8(word);
        var (end, fit) = (0, 0);
        for (var i = 0; i < maxTokens; i++)
        {
            end += bytesOfToken[tokens[i]];
            if ((bytes[end] & 0xC0) != 0x80) // no continuation byte follows
            {
                fit = i + 1;
            }
        }

        return tokens.AsSpan(0, fit);
    }

    private static byte[] Utf8(ReadOnlySpan<char> word)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        return bytes;
    }
}
