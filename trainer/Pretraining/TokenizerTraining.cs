using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Serverless.Llama.Tokenizer;

namespace Serverless.Trainer.Pretraining;

/// <summary>Trains a vocabulary and writes it as a <c>tokenizer.json</c> in the format of Llama 3.</summary>
internal static class TokenizerTraining
{
    public const string BeginOfText = "<|begin_of_text|>";
    public const string EndOfText = "<|end_of_text|>";

    // The Split pattern of Llama 3's tokenizer.json.
    private const string WordPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Trains the vocabulary and writes the file. The two special tokens have the last ids.</summary>
    public static void Write(string path, IEnumerable<string> documents, int vocabularySize)
    {
        var pattern = new Regex(WordPattern, RegexOptions.Compiled | RegexOptions.CultureInvariant);
        var merges = BpeTrainer.Learn(documents, pattern, vocabularySize - 256 - 2);
        var tokens = new List<string>(vocabularySize);
        for (var value = 0; value < 256; value++)
        {
            tokens.Add(ByteLevel.ToChar((byte)value).ToString());
        }

        var mergeTexts = new JsonArray();
        foreach (var (left, right) in merges)
        {
            mergeTexts.Add($"{tokens[left]} {tokens[right]}");
            tokens.Add(tokens[left] + tokens[right]);
        }

        var json = Compose(tokens, mergeTexts);
        File.WriteAllText(path, json.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    private static JsonObject Compose(List<string> tokens, JsonArray merges)
    {
        var vocabulary = new JsonObject();
        for (var id = 0; id < tokens.Count; id++)
        {
            vocabulary[tokens[id]] = id;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(Special(tokens.Count, BeginOfText), Special(tokens.Count + 1, EndOfText)),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = WordPattern },
                        ["behavior"] = "Isolated",
                        ["invert"] = false,
                    },
                    ByteLevelStep(useRegex: false)),
            },
            ["post_processor"] = Template(tokens.Count),
            ["decoder"] = ByteLevelStep(useRegex: true),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = merges,
            },
        };
    }

    private static JsonObject Special(int id, string content) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    private static JsonObject ByteLevelStep(bool useRegex) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = true,
        ["use_regex"] = useRegex,
    };

    private static JsonObject Template(int beginId)
    {
        static JsonObject Begin() => new() { ["SpecialToken"] = new JsonObject { ["id"] = BeginOfText, ["type_id"] = 0 } };
        static JsonObject Text(string id, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = type } };
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Begin(), Text("A", 0)),
            ["pair"] = new JsonArray(Begin(), Text("A", 0), Begin(), Text("B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [BeginOfText] = new JsonObject
                {
                    ["id"] = BeginOfText,
                    ["ids"] = new JsonArray(beginId),
                    ["tokens"] = new JsonArray(BeginOfText),
                },
            },
        };
    }
}
