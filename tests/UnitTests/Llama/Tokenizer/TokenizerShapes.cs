using System.Text.Json.Nodes;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Variants of genuine tokenizers, in the shapes of those that no package brings.</summary>
internal static class TokenizerShapes
{
    // 21, as many as SmolLM2 lacks: those that UTF-8 never has, and some that it has.
    public static readonly byte[] MissingBytes =
        [0xC0, 0xC1, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF, 0x01, 0x0F, 0x1F, 0x7F, 0xDF, 0xEC, 0xF1, 0x8D];

    /// <summary>GPT-2's vocabulary in SmolLM2's shape, with some bytes, and all tokens that they are in, taken out.</summary>
    public static string WithoutBytes(string path, string? unknown, bool fuse)
    {
        ReferenceTokenizer.WriteSmolLm2Shape(path, mergesAsPairs: true);
        return Change(path, path, tokenizer =>
        {
            var missing = MissingBytes.Select(ByteLevel.ToChar).ToArray();
            var model = tokenizer["model"]!;
            foreach (var token in model["vocab"]!.AsObject().Select(entry => entry.Key).Where(token => token.IndexOfAny(missing) >= 0).ToArray())
            {
                model["vocab"]!.AsObject().Remove(token);
            }

            var merges = model["merges"]!.AsArray().Where(pair => pair!.AsArray().All(part => ((string)part!).IndexOfAny(missing) < 0));
            model["merges"] = new JsonArray([.. merges.Select(pair => pair!.DeepClone())]);
            model["unk_token"] = unknown;
            model["fuse_unk"] = fuse;
        });
    }

    /// <summary>Llama 2's vocabulary with the pre-tokenizer of newer files, such as those of Mistral 0.3, instead of its normalizer.</summary>
    public static string WithMetaspace(string path, string scheme, bool split) => Change(ReferenceTokenizer.Llama2, path, tokenizer =>
    {
        tokenizer["normalizer"] = null;
        tokenizer["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = split };
    });

    /// <summary>One token for each byte, after composition: the ids are the bytes of the normalized text.</summary>
    public static string Bytes(string path, string normalizer = """{"type":"NFC"}""") => Change(ReferenceTokenizer.Qwen3, path, tokenizer =>
    {
        tokenizer["normalizer"] = JsonNode.Parse(normalizer);
        tokenizer["added_tokens"] = new JsonArray();
        tokenizer["model"]!["merges"] = new JsonArray();
        tokenizer["model"]!["vocab"] = new JsonObject(
            Enumerable.Range(0, 256).Select(value => KeyValuePair.Create(ByteLevel.ToChar((byte)value).ToString(), (JsonNode?)value)));
    });

    public static string Change(string from, string to, Action<JsonNode> change)
    {
        var tokenizer = JsonNode.Parse(File.ReadAllText(from))!;
        change(tokenizer);
        File.WriteAllText(to, tokenizer.ToJsonString());
        return to;
    }
}
