using System.Text;
using System.Text.Json.Nodes;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Tokenizers other than that of Llama 3: what is truncated, what is left of a text, and what is refused.</summary>
public sealed class TokenizerKindsTests : IDisposable
{
    private const string Text = "한국어 naïve 👩‍👩‍👧‍👦 日本語, e\u0301 \u0001\u07ff 12345";

    private readonly TemporaryFolder folder = new();

    private string Target => Path.Combine(folder.Path, "tokenizer.json");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Qwen3")]
    [InlineData("Llama2")]
    [InlineData("WithoutBytes")]
    public void A_cut_is_the_beginning_of_the_whole_between_characters(string kind)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var tokenizer = LlamaTokenizer.Read(Find(kind));
        var whole = tokenizer.Encode(Text, 1000);

        for (var maxTokens = 2; maxTokens < whole.Ids.Length; maxTokens++)
        {
            var (ids, truncated) = tokenizer.Encode(Text, maxTokens);

            Assert.True(truncated);
            Assert.InRange(ids.Length, 1, maxTokens);
            Assert.True(whole.Ids.AsSpan(0, ids.Length).SequenceEqual(ids) || ids.Length == 1); // of one character that does not fit, a space is left
            Assert.InRange(maxTokens - ids.Length, 0, 3);
        }

        Assert.Equal(whole.Ids, tokenizer.Encode(Text, whole.Ids.Length).Ids);
    }

    [Fact]
    public void A_cut_does_not_divide_the_bytes_of_a_character_without_a_token()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var vocabulary = JsonNode.Parse(File.ReadAllText(ReferenceTokenizer.Llama2))!["model"]!["vocab"]!.AsObject()
            .ToDictionary(entry => (int)entry.Value!, entry => entry.Key);
        var tokenizer = LlamaTokenizer.Read(ReferenceTokenizer.Llama2);
        Assert.InRange(tokenizer.Encode("𠀀𠀁", 100).Ids.Length, 10, 10); // begin-of-text, a space, and four bytes for each

        foreach (var maxTokens in Enumerable.Range(2, 8))
        {
            var bytes = tokenizer.Encode("𠀀𠀁", maxTokens).Ids.Count(id => vocabulary[id].StartsWith("<0x", StringComparison.Ordinal));

            Assert.Equal(0, bytes % 4);
        }
    }

    [Fact]
    public void A_text_of_which_nothing_is_left_is_a_space()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var tokenizer = LlamaTokenizer.Read(TokenizerShapes.WithoutBytes(Target, unknown: null, fuse: false));

        Assert.Equal(tokenizer.Encode(" ", 100).Ids, tokenizer.Encode("\u0001\u0001", 100).Ids);
        Assert.Single(tokenizer.Encode(" ", 100).Ids);
    }

    [Fact]
    public void A_letter_and_its_mark_get_the_ids_of_one_character_from_Qwen_and_not_from_Llama()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var (qwen, llama) = (LlamaTokenizer.Read(ReferenceTokenizer.Qwen3), LlamaTokenizer.Read(ReferenceTokenizer.Llama3));

        Assert.Equal(qwen.Encode("caf\u00e9", 100).Ids, qwen.Encode("cafe\u0301", 100).Ids);
        Assert.NotEqual(llama.Encode("caf\u00e9", 100).Ids, llama.Encode("cafe\u0301", 100).Ids);
    }

    [Fact]
    public async Task An_added_token_is_found_after_normalization_where_it_says_so()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var path = TokenizerShapes.Change(ReferenceTokenizer.Qwen3, Target, tokenizer =>
        {
            foreach (var (id, content, normalized) in new[] { (151669, "caf\u00e9", "true"), (151670, "th\u00e9", "false") })
            {
                tokenizer["added_tokens"]!.AsArray().Add(JsonNode.Parse($$"""
                    {"id":{{id}},"content":"{{content}}","single_word":false,"lstrip":false,"rstrip":false,"normalized":{{normalized}},"special":false}
                    """));
            }
        });
        string[] texts =
            ["un cafe\u0301, un the\u0301", "un caf\u00e9, un th\u00e9", "cafe\u0301the\u0301caf\u00e9th\u00e9", "<tool_call>cafe\u0301</tool_call>"];
        var expected = await ReferenceTokenizer.EncodeAsync("rust", path, texts, TestContext.Current.CancellationToken);

        var tokenizer = LlamaTokenizer.Read(path);

        // The reference numbers added tokens itself, behind the special ones that it was not given.
        Assert.Equal(expected.Select(ids => ids.Count(id => id >= 151_643)), texts.Select(text => tokenizer.Encode(text, 100).Ids.Count(id => id >= 151_643)));
        Assert.Equal(Plain(expected), Plain(texts.Select(text => tokenizer.Encode(text, 100).Ids)));

        static IEnumerable<int> Plain(IEnumerable<int[]> rows) => rows.SelectMany(ids => ids).Where(id => id < 151_643);
    }

    [Theory]
    [InlineData("normalizer", """{"type":"Lowercase"}""", "Lowercase")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"NFKC"}]}""", "NFKC")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"Regex":" +"},"content":"▁"}""", "Regex")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"String":" "},"content":"12345678901234567"}""", "17 characters")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"_"}""", "\"_\"")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"often"}""", "often")]
    [InlineData("pre_tokenizer", """{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel"}]}""", "ByteLevel")]
    [InlineData("byte_fallback", "false", "byte_fallback")]
    [InlineData("<0x0A>", null, "\"<0x0A>\" for the byte 0x0A")]
    [InlineData("a▁b", "31999", "\"a▁b\"")]
    public void A_setting_that_is_not_supported_is_refused_by_name(string key, string? value, string named)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var path = TokenizerShapes.Change(ReferenceTokenizer.Llama2, Target, tokenizer =>
        {
            var vocabulary = tokenizer["model"]!["vocab"]!.AsObject();
            switch (key)
            {
                case "<0x0A>":
                    vocabulary.Remove(key);
                    break;
                case "a▁b":
                    vocabulary.Add(key, 40_000);
                    break;
                default:
                    (key == "byte_fallback" ? tokenizer["model"]! : tokenizer)[key] = JsonNode.Parse(value!);
                    break;
            }
        });

        var error = Assert.Throws<InvalidDataException>(() => LlamaTokenizer.Read(path));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("A", "byte 0x41")]
    [InlineData("~", "byte 0x7E")]
    [InlineData("Ġ", "byte 0x20")]
    public void A_vocabulary_without_a_printable_character_is_refused(string token, string named)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var path = TokenizerShapes.Bytes(Target);
        TokenizerShapes.Change(path, path, tokenizer => tokenizer["model"]!["vocab"]!.AsObject().Remove(token));

        var error = Assert.Throws<InvalidDataException>(() => LlamaTokenizer.Read(path));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_token_that_is_not_in_the_vocabulary_is_refused()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var path = TokenizerShapes.WithoutBytes(Target, unknown: "<nowhere>", fuse: false);

        var error = Assert.Throws<InvalidDataException>(() => LlamaTokenizer.Read(path));

        Assert.Contains("model.unk_token \"<nowhere>\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_of_a_vocabulary_without_some_bytes_keep_their_ids_after_many_words()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var tokenizer = LlamaTokenizer.Read(Find("WithoutBytes"));
        var words = Enumerable.Range(0, 2000).Select(word => $"w{word}\u0001x").ToArray();
        var before = words.Select(word => tokenizer.Encode(word, 100).Ids).ToArray();
        var texts = new StringBuilder().AppendJoin(' ', Enumerable.Range(0, 5000)).ToString();
        tokenizer.Encode(texts, int.MaxValue);
        await tokenizer.LibraryReady;

        Assert.Equal(before, words.Select(word => tokenizer.Encode(word + "\u0001", 100).Ids[..^1]));
    }

    private string Find(string kind) => kind switch
    {
        "Qwen3" => ReferenceTokenizer.Qwen3,
        "Llama2" => ReferenceTokenizer.Llama2,
        _ => TokenizerShapes.WithoutBytes(Target, unknown: "<|endoftext|>", fuse: false),
    };
}
