using System.Text.Json;

namespace Serverless.Text;

/// <summary>
/// A Hugging Face <c>tokenizer.json</c> of the byte-level BPE family, read strictly: a setting that would change the ids
/// and is not understood is refused, because a wrong token costs accuracy and raises no error.
/// </summary>
internal sealed record TokenizerFile
{
    /// <summary>Tokens, in the byte-level alphabet, and their ids.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs that merge, most urgent first, each as "left right".</summary>
    public required IReadOnlyList<string> Merges { get; init; }

    /// <summary>Llama 3: a whole word that is in the vocabulary is one token, whatever the merges say.</summary>
    public required bool IgnoreMerges { get; init; }

    /// <summary>Regular expressions that cut the text into words, applied one after the other.</summary>
    public required IReadOnlyList<string> WordPatterns { get; init; }

    /// <summary>The id that begins each text, or null.</summary>
    public required int? BeginOfText { get; init; }

    // GPT-2's own pattern, which ByteLevel applies where use_regex is not false (transformers' byte_level.rs).
    private const string Gpt2Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <exception cref="InvalidDataException">No such file; names the key that is not understood.</exception>
    public static TokenizerFile Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 64 });
            return Parse(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: no tokenizer.json that can be read ({e.Message})", e);
        }
        catch (NotSupportedException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static TokenizerFile Parse(JsonElement root)
    {
        var model = root.GetProperty("model");
        if (Text(model, "type") is { } type and not "BPE")
        {
            throw new NotSupportedException($"model.type \"{type}\" is not supported; only \"BPE\" is.");
        }

        RefuseSet(root, "normalizer", "model-changing normalisation");
        RefuseSet(model, "dropout", "a random tokenizer");
        RefuseSet(model, "continuing_subword_prefix", "word-piece prefixes");
        RefuseSet(model, "end_of_word_suffix", "word suffixes");
        var vocabulary = model.GetProperty("vocab").EnumerateObject()
            .ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32(), StringComparer.Ordinal);
        return new TokenizerFile
        {
            Vocabulary = vocabulary,
            Merges = [.. model.GetProperty("merges").EnumerateArray().Select(MergeText)],
            IgnoreMerges = model.TryGetProperty("ignore_merges", out var ignore) && ignore.ValueKind == JsonValueKind.True,
            WordPatterns = ReadWordPatterns(root.GetProperty("pre_tokenizer")),
            BeginOfText = ReadBeginOfText(root),
        };
    }

    // "left right" in older files, ["left", "right"] in newer ones
    private static string MergeText(JsonElement merge) => merge.ValueKind == JsonValueKind.Array
        ? $"{merge[0].GetString()} {merge[1].GetString()}"
        : merge.GetString() ?? throw new FormatException("a merge is null");

    private static List<string> ReadWordPatterns(JsonElement preTokenizer)
    {
        var steps = Text(preTokenizer, "type") == "Sequence"
            ? preTokenizer.GetProperty("pretokenizers").EnumerateArray().ToArray()
            : [preTokenizer];
        var patterns = new List<string>();
        var byteLevel = false;
        foreach (var step in steps)
        {
            switch (Text(step, "type"))
            {
                case "Split" when Text(step, "behavior") == "Isolated" && !Flag(step, "invert", false):
                    patterns.Add(Text(step.GetProperty("pattern"), "Regex")
                        ?? throw new NotSupportedException("pre_tokenizer Split needs a Regex pattern."));
                    break;
                case "Digits" when Flag(step, "individual_digits", false):
                    patterns.Add(@"\p{N}");
                    break;
                case "ByteLevel" when !Flag(step, "add_prefix_space", true):
                    byteLevel = true;
                    if (Flag(step, "use_regex", true))
                    {
                        patterns.Add(Gpt2Words);
                    }

                    break;
                default:
                    throw new NotSupportedException($"pre_tokenizer {step.GetRawText()} is not supported.");
            }
        }

        return byteLevel && patterns.Count > 0
            ? patterns
            : throw new NotSupportedException("pre_tokenizer must split words and end in ByteLevel.");
    }

    private static int? ReadBeginOfText(JsonElement root)
    {
        if (!root.TryGetProperty("post_processor", out var processor) || processor.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var steps = Text(processor, "type") == "Sequence"
            ? processor.GetProperty("processors").EnumerateArray().ToArray()
            : [processor];
        int? begin = null;
        foreach (var step in steps)
        {
            switch (Text(step, "type"))
            {
                case "ByteLevel":
                    break;
                case "TemplateProcessing":
                    begin = ReadTemplate(step);
                    break;
                default:
                    throw new NotSupportedException($"post_processor \"{Text(step, "type")}\" is not supported.");
            }
        }

        return begin;
    }

    // The one template known: a begin-of-text token, then the text.
    private static int? ReadTemplate(JsonElement template)
    {
        var single = template.GetProperty("single").EnumerateArray().ToArray();
        if (single.Length == 1 && single[0].TryGetProperty("Sequence", out _))
        {
            return null;
        }

        if (single.Length != 2 || !single[0].TryGetProperty("SpecialToken", out var special) || !single[1].TryGetProperty("Sequence", out _))
        {
            throw new NotSupportedException("post_processor template must be the text, or one special token and the text.");
        }

        var name = Text(special, "id") ?? throw new FormatException("the template's special token has no id");
        return template.GetProperty("special_tokens").GetProperty(name).GetProperty("ids")[0].GetInt32();
    }

    private static void RefuseSet(JsonElement element, string key, string meaning)
    {
        if (element.TryGetProperty(key, out var value)
            && value.ValueKind is not JsonValueKind.Null
            && !(value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0))
        {
            throw new NotSupportedException($"\"{key}\" ({meaning}) is not supported.");
        }
    }

    private static string? Text(JsonElement element, string key) =>
        element.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement element, string key, bool fallback) =>
        element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetBoolean() : fallback;
}
