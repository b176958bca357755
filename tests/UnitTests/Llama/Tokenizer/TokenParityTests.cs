

using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Token ids equal those of the genuine tokenizers, text by text.</summary>
public sealed class TokenParityTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task News_texts_get_the_ids_of_Llama_3()
    {
        GenuineTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", GenuineTokenizer.Llama3, NewsTexts.Read());
    }

    [Fact]
    public async Task Every_tenth_news_text_gets_the_ids_of_the_JavaScript_implementation()
    {
        GenuineTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("javascript", GenuineTokenizer.Llama3, [.. NewsTexts.Read().Where((_, i) => i % 10 == 0)]);
    }

    [Fact]
    public async Task News_texts_get_the_ids_of_a_tokenizer_in_the_shape_of_SmolLM2()
    {
        GenuineTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", SmolLm2Shape(mergesAsPairs: false), NewsTexts.Read());
    }

    [Fact]
    public async Task Nasty_texts_get_the_ids_of_Llama_3()
    {
        GenuineTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", GenuineTokenizer.Llama3, NastyTexts.All);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nasty_texts_get_the_ids_of_a_tokenizer_in_the_shape_of_SmolLM2(bool mergesAsPairs)
    {
        GenuineTokenizer.SkipIfNotInstalled();
        await AssertSameIdsAsync("rust", SmolLm2Shape(mergesAsPairs), NastyTexts.All);
    }

    private string SmolLm2Shape(bool mergesAsPairs) =>
        GenuineTokenizer.WriteSmolLm2Shape(Path.Combine(folder.Path, "tokenizer.json"), mergesAsPairs);

    private static async Task AssertSameIdsAsync(string implementation, string tokenizerJson, IReadOnlyList<string> texts)
    {
        var genuine = await GenuineTokenizer.EncodeAsync(implementation, tokenizerJson, texts, TestContext.Current.CancellationToken);

        var tokenizer = LlamaTokenizer.Read(tokenizerJson);
        for (var i = 0; i < texts.Count; i++)
        {
            var ours = tokenizer.Encode(texts[i], maxTokens: 1_000_000);
            Assert.False(ours.Truncated);
            if (!genuine[i].AsSpan().SequenceEqual(ours.Ids))
            {
                var place = genuine[i].AsSpan().CommonPrefixLength(ours.Ids);
                Assert.Fail($"Text {i} ({texts[i][..Math.Min(60, texts[i].Length)]}): from token {place} on "
                    + $"[{string.Join(", ", genuine[i].Skip(place).Take(8))}] was expected, [{string.Join(", ", ours.Ids.Skip(place).Take(8))}] came.");
            }
        }
    }
}
