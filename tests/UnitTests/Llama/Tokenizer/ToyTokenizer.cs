using System.Text.Json;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>A tokenizer.json of 256 bytes and a few merges, in Llama 3's shape.</summary>
internal static class ToyTokenizer
{
    private static readonly (string Left, string Right)[] Merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("o", "n"), ("i", "on")];

    public static string Json { get; } = JsonSerializer.Serialize(new
    {
        version = "1.0",
        added_tokens = new[] { new { id = 300, content = "<|begin_of_text|>", special = true } },
        normalizer = (string?)null,
        pre_tokenizer = new
        {
            type = "Sequence",
            pretokenizers = new object[]
            {
                new { type = "Split", pattern = new { Regex = @"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+" }, behavior = "Isolated", invert = false },
                new { type = "ByteLevel", add_prefix_space = false, use_regex = false },
            },
        },
        post_processor = new
        {
            type = "TemplateProcessing",
            single = new object[] { new { SpecialToken = new { id = "<|begin_of_text|>" } }, new { Sequence = new { id = "A" } } },
            special_tokens = new Dictionary<string, object> { ["<|begin_of_text|>"] = new { ids = new[] { 300 } } },
        },
        model = new
        {
            type = "BPE",
            ignore_merges = true,
            vocab = Enumerable.Range(0, 256).Select(value => ByteLevel.ToText([(byte)value]))
                .Concat(Merges.Select(merge => merge.Left + merge.Right))
                .Select((token, id) => (token, id)).ToDictionary(entry => entry.token, entry => entry.id),
            merges = Merges.Select(merge => new[] { merge.Left, merge.Right }),
        },
    });
}
