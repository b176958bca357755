using System.Collections.Concurrent;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Tokenizer of a BPE <c>tokenizer.json</c>: byte-level as that of Llama 3, SmolLM2 and Qwen, or of characters with byte fallback as that of
/// TinyLlama and Mistral. It gives the token ids of Hugging Face tokenizers with three deliberate differences: the name of a special token in a
/// text is encoded as text, truncation never splits a character, and a text of which nothing is left becomes a space. Thread-safe.
/// </summary>
public sealed class LlamaTokenizer
{
    // News repeats words: 30,000 are nearly all that occur more than once in 80,000 articles.
    private const int MaxCachedWords = 1 << 15;
    private const int MaxCachedWordLength = 24;

    // The library takes time quadratic in the length of a word: 64 s for 400,000 letters, where BytePairEncoder takes less than 1 s. One hostile
    // article must not delay all others; ordinary words are far shorter.
    private const int MaxLibraryWordLength = 512;

    // The library takes most of a second of a core to build its tables for Llama 3. Until a cold process has seen this many words, it does not
    // start the library; BytePairEncoder gives the same tokens.
    private const int WordsBeforeLibrary = 256;

    private readonly AddedTokenSplitter addedTokens;
    private readonly SpaceRule? spaceRule;
    private readonly WordSplitter splitter;
    private readonly InitialTokens initialTokens;
    private readonly Lazy<Task<BpeTokenizer>> library;
    private readonly BytePairEncoder fallbackEncoder;
    private readonly Dictionary<string, int>? vocabulary;
    private readonly bool canUseLibrary;
    private readonly ConcurrentDictionary<string, int[]> cache = new(StringComparer.Ordinal);
    private int cacheCount;

    private LlamaTokenizer(TokenizerFile file)
    {
        addedTokens = new AddedTokenSplitter(file.AddedTokens, file.Normalizer);
        spaceRule = file.PreTokenizer.Space;
        splitter = new WordSplitter(file.PreTokenizer.Patterns);
        initialTokens = new InitialTokens(file);
        canUseLibrary = file.PreTokenizer.IsByteLevel && initialTokens.HasEveryByte;
        library = new(() => Task.Run(() => BpeTokenizer.Create(new BpeOptions(file.Vocabulary)
        {
            Merges = file.MergeTexts(),
            ByteLevel = true,
            PreTokenizer = null, // WordSplitter has split the text already
        })));
        fallbackEncoder = new BytePairEncoder(initialTokens, file);
        vocabulary = file.IgnoreMerges ? file.Vocabulary : null;
        BosTokenId = file.BosTokenId;
        VocabularySize = file.Vocabulary.Values.Max() + 1;
        LastToken = file.Vocabulary.Select(entry => (Name: entry.Key, Id: entry.Value))
            .Concat(file.AddedTokens.Where(token => !token.IsSpecial).Select(token => (Name: token.Content, token.Id)))
            .Append((Name: "begin-of-text", Id: BosTokenId ?? 0))
            .MaxBy(token => token.Id);
    }

    /// <summary>The begin-of-text token that is added to each text; null if the tokenizer adds none.</summary>
    public int? BosTokenId { get; }

    /// <summary>One more than the highest id in the vocabulary, which has no special tokens.</summary>
    public int VocabularySize { get; }

    /// <summary>The token with the highest id that a text can have.</summary>
    public (string Name, int Id) LastToken { get; }

    /// <summary>Completes when the library is ready to encode words.</summary>
    internal Task LibraryReady => library.Value;

    /// <exception cref="InvalidDataException">The file is not a supported BPE tokenizer; the message names the setting.</exception>
    public static LlamaTokenizer Read(string tokenizerJsonPath)
    {
        var file = TokenizerFile.Read(tokenizerJsonPath);
        try
        {
            return new LlamaTokenizer(file);
        }
        catch (FormatException exception)
        {
            throw new InvalidDataException($"{tokenizerJsonPath}: not a valid tokenizer.json ({exception.Message})", exception);
        }
    }

    /// <param name="text">Any text; unpaired surrogates are encoded as U+FFFD.</param>
    /// <param name="maxTokens">Maximum number of ids, begin-of-text included; at least 2.</param>
    public TokenizedText Encode(string text, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 2);
        text = ReplaceUnpairedSurrogates(text);
        var ids = new List<int>();
        if (BosTokenId is { } begin)
        {
            ids.Add(begin);
        }

        var truncated = false; // the text after the limit is not read
        var isFirst = true;
        foreach (var (part, id) in addedTokens.Split(text).TakeWhile(_ => !truncated))
        {
            truncated = !(id is { } token ? TryAdd(token, ids, maxTokens) : TryEncodeWords(spaceRule?.Apply(part, isFirst) ?? part, ids, maxTokens));
            isFirst = false;
        }

        if (ids.Count == 0 && text.Length > 0)
        {
            ids.AddRange(fallbackEncoder.Encode(" ").Take(maxTokens)); // bytes without tokens, or one character that does not fit: a network needs a token
        }

        return new TokenizedText([.. ids], truncated);
    }

    private static bool TryAdd(int token, List<int> ids, int maxTokens)
    {
        if (ids.Count == maxTokens)
        {
            return false;
        }

        ids.Add(token);
        return true;
    }

    /// <returns>False if the text was truncated.</returns>
    private bool TryEncodeWords(string text, List<int> ids, int maxTokens)
    {
        var truncated = false;
        splitter.Split(text, (start, length) =>
        {
            var word = text.AsSpan(start, length);
            var tokens = Encode(word);
            truncated = ids.Count + tokens.Length > maxTokens;
            ids.AddRange(truncated ? TruncateAtCharacterBoundary(word, maxTokens - ids.Count) : tokens);
            return !truncated;
        });
        return !truncated;
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

    // U+FFFD replaces them, as in every conversion to UTF-8.
    private static string ReplaceUnpairedSurrogates(string text) =>
        text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;

    private int[] Merge(ReadOnlySpan<char> word)
    {
        if (vocabulary is not null && vocabulary.TryGetValue(initialTokens.Write(word), out var token))
        {
            return [token];
        }

        var isLibraryWord = canUseLibrary && word.Length <= MaxLibraryWordLength && cacheCount >= WordsBeforeLibrary;
        return isLibraryWord && library.Value is { IsCompletedSuccessfully: true } made
            ? [.. made.Result.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false)]
            : fallbackEncoder.Encode(word);
    }

    /// <summary>At most <paramref name="maxTokens"/> tokens of a word, without the last ones that end inside a character.</summary>
    private int[] TruncateAtCharacterBoundary(ReadOnlySpan<char> word, int maxTokens)
    {
        var bytes = InitialTokens.Utf8(word);
        var (tokens, ends) = fallbackEncoder.EncodeWithEnds(word);
        while (maxTokens > 0 && ends[maxTokens - 1] < bytes.Length && (bytes[ends[maxTokens - 1]] & 0xC0) == 0x80) // a continuation byte follows
        {
            maxTokens--;
        }

        return tokens[..maxTokens];
    }
}
