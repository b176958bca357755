using System.Text.Json.Nodes;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Token ids equal those of the reference implementations, text by text.</summary>
public sealed class TokenParityTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task News_texts_get_the_ids_of_Llama_3()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", ReferenceTokenizer.Llama3, await NewsTexts.ReadAsync());
    }

    [Fact]
    public async Task Every_tenth_news_text_gets_the_ids_of_the_JavaScript_implementation()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("javascript", ReferenceTokenizer.Llama3, [.. (await NewsTexts.ReadAsync()).Where((_, i) => i % 10 == 0)]);
    }

    [Fact]
    public async Task News_texts_get_the_ids_of_a_tokenizer_in_the_shape_of_SmolLM2()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", SmolLm2Shape(mergesAsPairs: false), await NewsTexts.ReadAsync());
    }

    [Theory]
    [InlineData("Qwen3")]
    [InlineData("Llama2")]
    [InlineData("WithoutBytes")]
    public async Task News_texts_get_the_ids_of_other_families(string tokenizer)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", Find(tokenizer), await NewsTexts.ReadAsync());
    }

    [Theory]
    [InlineData("Llama3")]
    [InlineData("Qwen3")]
    [InlineData("Llama2")]
    [InlineData("WithoutBytes")]
    public async Task Edge_cases_get_the_ids_of_each_family(string tokenizer)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", Find(tokenizer), EdgeCaseTexts.All);
    }

    [Theory]
    [InlineData("<|endoftext|>", false)]
    [InlineData("<|endoftext|>", true)]
    [InlineData(null, false)]
    public async Task A_byte_without_a_token_becomes_what_the_reference_makes_of_it(string? unknown, bool fuse)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var path = TokenizerShapes.WithoutBytes(Path.Combine(folder.Path, "tokenizer.json"), unknown, fuse);
        string[] texts =
            ["a\u0001b", "\u0001\u0001\u0001 x\u000f\u001f\u007f", "\u07c0\u07ff 한국어 \U00040000", "x\u0001", "\u0001x", "\u0001\u0001 \u0001"];

        await AssertSameIdsAsync("rust", path, [.. texts, .. EdgeCaseTexts.All]);
    }

    [Theory]
    [InlineData("always", true)]
    [InlineData("always", false)]
    [InlineData("first", true)]
    [InlineData("first", false)]
    [InlineData("never", true)]
    [InlineData("never", false)]
    public async Task Edge_cases_get_the_ids_of_each_kind_of_Metaspace(string scheme, bool split)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", TokenizerShapes.WithMetaspace(Path.Combine(folder.Path, "tokenizer.json"), scheme, split), EdgeCaseTexts.All);
    }

    [Fact]
    public async Task A_space_in_front_of_a_text_is_the_one_of_add_prefix_space()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var path = SmolLm2Shape(mergesAsPairs: true);
        TokenizerShapes.Change(path, path, tokenizer => tokenizer["pre_tokenizer"] =
            JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}"""));

        await AssertSameIdsAsync("rust", path, EdgeCaseTexts.All);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Edge_cases_get_the_ids_of_a_tokenizer_in_the_shape_of_SmolLM2(bool mergesAsPairs)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", SmolLm2Shape(mergesAsPairs), EdgeCaseTexts.All);
    }

    private string SmolLm2Shape(bool mergesAsPairs) =>
        ReferenceTokenizer.WriteSmolLm2Shape(Path.Combine(folder.Path, "tokenizer.json"), mergesAsPairs);

    private string Find(string tokenizer) => tokenizer switch
    {
        "Llama3" => ReferenceTokenizer.Llama3,
        "Qwen3" => ReferenceTokenizer.Qwen3,
        "Llama2" => ReferenceTokenizer.Llama2,
        _ => TokenizerShapes.WithoutBytes(Path.Combine(folder.Path, "tokenizer.json"), unknown: "<|endoftext|>", fuse: false),
    };

    private static async Task AssertSameIdsAsync(string implementation, string tokenizerJson, IReadOnlyList<string> texts)
    {
        var expected = await ReferenceTokenizer.EncodeAsync(implementation, tokenizerJson, texts, TestContext.Current.CancellationToken);

        var tokenizer = LlamaTokenizer.Read(tokenizerJson);
        for (var i = 0; i < texts.Count; i++)
        {
            var ours = tokenizer.Encode(texts[i], maxTokens: 1_000_000);
            var ids = tokenizer.BosTokenId is null ? ours.Ids : ours.Ids[1..]; // the reference is asked for the text alone
            Assert.False(ours.Truncated);
            if (!expected[i].AsSpan().SequenceEqual(ids))
            {
                var start = expected[i].AsSpan().CommonPrefixLength(ids);
                Assert.Fail($"Text {i} ({texts[i][..Math.Min(60, texts[i].Length)]}): from token {start} on "
                    + $"[{string.Join(", ", expected[i].Skip(start).Take(8))}] was expected, [{string.Join(", ", ids.Skip(start).Take(8))}] was returned.");
            }
        }
    }
}
