using System.Text.Json;
using System.Text.RegularExpressions;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// A Hugging Face <c>tokenizer.json</c> with BPE, byte-level or with byte fallback. A setting that would change the token ids and is not supported is rejected,
/// because wrong tokens cost accuracy without an error.
/// </summary>
internal sealed record TokenizerFile
{
    internal const int MaxId = 1 << 24;

    /// <summary>Tokens, in the alphabet of <see cref="ByteLevel"/> unless they are of characters, and their ids.</summary>
    public required Dictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs of token ids that can be merged, with their rank (0 is merged first) and the merged token.</summary>
    public required Dictionary<(int Left, int Right), (int Rank, int Token)> Merges { get; init; }

    /// <summary>Whether a word that is in the vocabulary is one token regardless of the merges, as in Llama 3.</summary>
    public required bool IgnoreMerges { get; init; }

    /// <summary>Texts that are one token wherever they occur, in the order of the file.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>What is done to the text first.</summary>
    public required Normalizer Normalizer { get; init; }

    /// <summary>How the text is split into words, and whether these are written byte by byte.</summary>
    public required PreTokenizer PreTokenizer { get; init; }

    /// <summary>The token of a byte that has none; null if such bytes are left out.</summary>
    public required string? UnknownToken { get; init; }

    /// <summary>Whether adjacent unknown bytes are one unknown token.</summary>
    public required bool FuseUnknown { get; init; }

    /// <summary>The begin-of-text token that is added to each text, or null.</summary>
    public required int? BosTokenId { get; init; }

    /// <exception cref="InvalidDataException">The file is not a supported <c>tokenizer.json</c>; the message names the key.</exception>
    public static TokenizerFile Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 64 });
            return Parse(document.RootElement);
        }
        catch (Exception exception) when (
            exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or RegexParseException)
        {
            throw new InvalidDataException($"{path}: not a valid tokenizer.json ({exception.Message})", exception);
        }
        catch (NotSupportedException exception)
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>The merges in the order of their ranks, each as "left right" in the alphabet of <see cref="ByteLevel"/>.</summary>
    public IEnumerable<string> MergeTexts()
    {
        var tokens = Vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key);
        return Merges.OrderBy(merge => merge.Value.Rank).Select(merge => $"{tokens[merge.Key.Left]} {tokens[merge.Key.Right]}");
    }

    internal static string? GetString(JsonElement element, string key) =>
        element.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    internal static bool GetBoolean(JsonElement element, string key, bool defaultValue) =>
        element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetBoolean() : defaultValue;

    private static TokenizerFile Parse(JsonElement root)
    {
        var model = root.GetProperty("model");
        if (GetString(model, "type") is { } type and not "BPE")
        {
            throw new NotSupportedException($"model.type \"{type}\" is not supported; only \"BPE\" is.");
        }

        RejectIfSet(model, "dropout", "random merges");
        RejectIfSet(model, "continuing_subword_prefix", "word-piece prefixes");
        RejectIfSet(model, "end_of_word_suffix", "word suffixes");
        var vocabulary = ReadVocabulary(model.GetProperty("vocab"));
        return new TokenizerFile
        {
            Vocabulary = vocabulary,
            Merges = ReadMerges(model.GetProperty("merges"), vocabulary),
            IgnoreMerges = GetBoolean(model, "ignore_merges", false),
            AddedTokens = ReadAddedTokens(root, vocabulary),
            Normalizer = Normalizer.Read(root),
            PreTokenizer = ReadPreTokenizer(root, model, vocabulary),
            UnknownToken = GetString(model, "unk_token"),
            FuseUnknown = GetBoolean(model, "fuse_unk", false),
            BosTokenId = PostProcessor.ReadBosTokenId(root),
        };
    }

    private static Dictionary<string, int> ReadVocabulary(JsonElement vocab)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var ids = new HashSet<int>();
        foreach (var entry in vocab.EnumerateObject())
        {
            var id = entry.Value.GetInt32();
            if (id is < 0 or > MaxId || !ids.Add(id) || !vocabulary.TryAdd(entry.Name, id))
            {
                throw new FormatException($"model.vocab has \"{entry.Name}\": {id}, which is out of range or occurs twice");
            }
        }

        return vocabulary;
    }

    private static PreTokenizer ReadPreTokenizer(JsonElement root, JsonElement model, Dictionary<string, int> vocabulary)
    {
        var preTokenizer = PreTokenizer.Read(root);
        if (preTokenizer.IsByteLevel)
        {
            return preTokenizer;
        }

        if (!GetBoolean(model, "byte_fallback", false))
        {
            throw new NotSupportedException("a pre_tokenizer without ByteLevel needs \"byte_fallback\": true in model; without it, characters have no tokens.");
        }

        // Without pre_tokenizer a text is one word. It is cut into words all the same, which changes nothing unless a token spans two of them.
        var spanning = vocabulary.Keys.FirstOrDefault(token => token.TrimStart(WordPattern.Metaspace).Contains(WordPattern.Metaspace));
        return spanning is null
            ? preTokenizer
            : throw new NotSupportedException($"model.vocab has \"{spanning}\", a token of more than one word, which is not supported.");
    }

    private static Dictionary<(int Left, int Right), (int Rank, int Token)> ReadMerges(JsonElement list, Dictionary<string, int> vocabulary)
    {
        // There are a quarter of a million merges: spans instead of substrings halve the time of this method in a cold start.
        var tokens = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new Dictionary<(int Left, int Right), (int Rank, int Token)>(list.GetArrayLength());
        var rank = 0;
        foreach (var merge in list.EnumerateArray())
        {
            var pair = ReadMerge(merge);
            var space = pair.IndexOf(' ', StringComparison.Ordinal);
            var left = pair.AsSpan(0, space);
            var right = pair.AsSpan(space + 1);
            if (!tokens.TryGetValue(left, out var leftId) || !tokens.TryGetValue(right, out var rightId)
                || !tokens.TryGetValue(pair.Remove(space, 1), out var token))
            {
                throw new FormatException($"the merge of \"{left}\" and \"{right}\" names a token that is not in model.vocab");
            }

            merges[(leftId, rightId)] = (rank++, token);
        }

        return merges;
    }

    // "left right" in older files, ["left", "right"] in newer ones
    private static string ReadMerge(JsonElement merge)
    {
        var pair = merge.ValueKind == JsonValueKind.Array ? string.Join(' ', merge.EnumerateArray().Select(part => part.GetString())) : merge.GetString();
        return pair.AsSpan().Count(' ') == 1 ? pair! : throw new FormatException($"the merge {merge.GetRawText()} is not a pair");
    }

    private static IReadOnlyList<AddedToken> ReadAddedTokens(JsonElement root, Dictionary<string, int> vocabulary)
    {
        var tokens = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        var list = root.TryGetProperty("added_tokens", out var added) && added.ValueKind != JsonValueKind.Null ? added.EnumerateArray().ToArray() : [];
        foreach (var entry in list)
        {
            var content = GetString(entry, "content") ?? throw new FormatException($"added_tokens has {entry.GetRawText()}, which has no content");
            var id = entry.GetProperty("id").GetInt32();
            var isSpecial = GetBoolean(entry, "special", false);
            if (id is < 0 or > MaxId || vocabulary.TryGetValue(content, out var known) && known != id)
            {
                throw new FormatException($"added_tokens has \"{content}\": {id}, which is out of range or has another id in model.vocab");
            }

            var token = new AddedToken(
                content,
                id,
                isSpecial,
                GetBoolean(entry, "single_word", false),
                GetBoolean(entry, "lstrip", false),
                GetBoolean(entry, "rstrip", false),
                GetBoolean(entry, "normalized", !isSpecial));
            if (content.Length > 0 && !tokens.TryAdd(content, token))
            {
                throw new FormatException($"added_tokens has \"{content}\" twice");
            }
        }

        return [.. tokens.Values];
    }

    private static void RejectIfSet(JsonElement element, string key, string meaning)
    {
        if (element.TryGetProperty(key, out var value)
            && value.ValueKind is not JsonValueKind.Null
            && !(value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0))
        {
            throw new NotSupportedException($"\"{key}\" ({meaning}) is not supported.");
        }
    }
}
