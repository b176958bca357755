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

    [Fact]
    public async Task Edge_cases_get_the_ids_of_Llama_3()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", ReferenceTokenizer.Llama3, EdgeCaseTexts.All);
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

    private static async Task AssertSameIdsAsync(string implementation, string tokenizerJson, IReadOnlyList<string> texts)
    {
        var expected = await ReferenceTokenizer.EncodeAsync(implementation, tokenizerJson, texts, TestContext.Current.CancellationToken);

        var tokenizer = LlamaTokenizer.Read(tokenizerJson);
        for (var i = 0; i < texts.Count; i++)
        {
            var ours = tokenizer.Encode(texts[i], maxTokens: 1_000_000);
            Assert.False(ours.Truncated);
            if (!expected[i].AsSpan().SequenceEqual(ours.Ids))
            {
                var start = expected[i].AsSpan().CommonPrefixLength(ours.Ids);
                Assert.Fail($"Text {i} ({texts[i][..Math.Min(60, texts[i].Length)]}): from token {start} on "
                    + $"[{string.Join(", ", expected[i].Skip(start).Take(8))}] was expected, [{string.Join(", ", ours.Ids.Skip(start).Take(8))}] was returned.");
            }
        }
    }
}
