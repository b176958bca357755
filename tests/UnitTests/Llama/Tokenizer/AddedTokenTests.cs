using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Added tokens that are not special are one token wherever they occur, as in Hugging Face tokenizers.</summary>
public sealed class AddedTokenTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("the <doc> on", "the |400| on")]
    [InlineData("<doc><doc>x", "400|400|x")]
    [InlineData("<document>", "401")] // the longest one
    [InlineData("<do>", "<do>")]
    [InlineData("", "")]
    [InlineData("x [spaced]  y", "x|402|y")]
    [InlineData("x [spaced]", "x|402")]
    [InlineData("word words word", "403| words |403")]
    [InlineData("sword éword word_", "sword éword word_")]
    [InlineData("<|marker|>", "<|marker|>")] // special: it stays text
    [InlineData("<|marker|><doc>", "<|marker|>|400")]
    [InlineData("😀<doc>😀", "😀|400|😀")]
    [InlineData("<d<doc>oc>", "<d|400|oc>")]
    public void An_added_token_is_found_in_a_text(string text, string expected)
    {
        var tokenizer = Read();
        var parts = expected.Split('|').Where(part => part.Length > 0);
        int[] ids = expected.Contains("|marker|", StringComparison.Ordinal)
            ? [.. Plain("<|marker|>"), .. expected.EndsWith("400", StringComparison.Ordinal) ? new[] { 400 } : []]
            : [.. parts.SelectMany(part => int.TryParse(part, out var id) ? [id] : Plain(part))];

        Assert.Equal([300, .. ids], tokenizer.Encode(text, 1000).Ids);

        int[] Plain(string part) => [.. LlamaTokenizer.Read(folder.File("plain.json", ToyTokenizer.Json)).Encode(part, 1000).Ids.Skip(1)];
    }

    [Fact]
    public void A_text_is_truncated_before_an_added_token_that_does_not_fit()
    {
        var tokenizer = Read();

        var (cut, whole) = (tokenizer.Encode("<doc><doc>", 2), tokenizer.Encode("<doc><doc>", 3));

        Assert.Equal([300, 400], cut.Ids);
        Assert.Equal([300, 400, 400], whole.Ids);
        Assert.Equal((true, false), (cut.Truncated, whole.Truncated));
    }

    [Fact]
    public async Task Random_texts_get_the_ids_of_the_reference_implementation()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        string[] pieces = ["<doc>", "<document>", "[spaced]", "word", " ", "  ", "\n", "x", "é", "1", "<", "doc>", "_", "😀", "the"];
        var random = new Random(7);
        string[] texts = [.. Enumerable.Range(0, 2000).Select(_ => string.Concat(random.GetItems(pieces, random.Next(1, 12))))];
        var path = Write(firstId: 261); // the reference implementation numbers them itself, from the size of the vocabulary on
        var complete = JsonNode.Parse(File.ReadAllText(path))!; // the reference implementation has fewer defaults
        complete["pre_tokenizer"]!["pretokenizers"]![1]!["trim_offsets"] = true;
        File.WriteAllText(path, complete.ToJsonString());

        var expected = await ReferenceTokenizer.EncodeAsync("rust", path, texts, TestContext.Current.CancellationToken);

        var tokenizer = LlamaTokenizer.Read(path);
        Assert.All(texts.Index(), text => Assert.Equal([300, .. expected[text.Index]], tokenizer.Encode(text.Item, 1000).Ids));
    }

    [Theory]
    [InlineData("""{"id":7,"content":"th","special":false}""", "another id in model.vocab")]
    [InlineData("""{"id":-1,"content":"x y","special":false}""", "out of range")]
    [InlineData("""{"id":400,"special":false}""", "no content")]
    public void An_added_token_that_contradicts_the_vocabulary_is_refused_by_name(string token, string reason)
    {
        var path = Write(token);

        var error = Assert.Throws<InvalidDataException>(() => LlamaTokenizer.Read(path));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":257,"content":"<extra>","special":false}""", "\"<extra>\" has the id 257")]
    [InlineData("""{"id":257,"content":"<extra>","special":true}""", null)] // never in a text
    [InlineData("""{"id":256,"content":"<extra>","special":false}""", null)]
    public void A_token_beyond_the_embedding_is_refused_when_the_base_is_opened(string token, string? problem)
    {
        ToyModel.WriteBase(folder.Path); // with an embedding of 257 rows
        var path = Path.Combine(folder.Path, "tokenizer.json");
        var tokenizer = JsonNode.Parse(File.ReadAllText(path))!;
        tokenizer["added_tokens"] = new JsonArray(JsonNode.Parse(token));
        File.WriteAllText(path, tokenizer.ToJsonString());

        var error = Record.Exception(() => HuggingFaceFolder.Open(folder.Path).ReadTokenizer());

        Assert.Equal(problem is null, error is null);
        Assert.Contains(problem ?? "", error?.Message ?? "", StringComparison.Ordinal);
        Assert.True(error is null or InvalidDataException);
    }

    [Fact]
    public void A_vocabulary_larger_than_the_embedding_is_refused_when_the_base_is_opened()
    {
        ToyModel.WriteBase(folder.Path);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder.Path, "config.json")))!;
        config["vocab_size"] = 250;
        folder.File("config.json", config.ToJsonString());

        var error = Assert.Throws<InvalidDataException>(() => HuggingFaceFolder.Open(folder.Path).ReadTokenizer());

        Assert.Contains("vocab_size", error.Message, StringComparison.Ordinal);
    }

    private LlamaTokenizer Read() => LlamaTokenizer.Read(Write());

    private string Write(string? more = null, int firstId = 400)
    {
        var tokenizer = JsonNode.Parse(ToyTokenizer.Json)!;
        var tokens = tokenizer["added_tokens"]!.AsArray();
        tokens.Add(JsonSerializer.SerializeToNode(Token(301, "<|marker|>", special: true)));
        tokens.Add(JsonSerializer.SerializeToNode(Token(firstId, "<doc>")));
        tokens.Add(JsonSerializer.SerializeToNode(Token(firstId + 1, "<document>")));
        tokens.Add(JsonSerializer.SerializeToNode(Token(firstId + 2, "[spaced]", strip: true)));
        tokens.Add(JsonSerializer.SerializeToNode(Token(firstId + 3, "word", singleWord: true)));
        if (more is not null)
        {
            tokens.Add(JsonNode.Parse(more));
        }

        return folder.File("tokenizer.json", tokenizer.ToJsonString());
    }

    private static object Token(int id, string content, bool special = false, bool strip = false, bool singleWord = false) =>
        new { id, content, special, lstrip = strip, rstrip = strip, single_word = singleWord, normalized = !special };
}
