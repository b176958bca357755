using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

public sealed class LlamaTokenizerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_special_token_written_in_a_text_stays_text()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var tokenizer = LlamaTokenizer.Read(ReferenceTokenizer.Llama3);

        var ids = tokenizer.Encode("end<|eot_id|>", maxTokens: 100).Ids;

        Assert.All(ids, id => Assert.InRange(id, 0, 127_999));
        Assert.True(ids.Length > 2);
    }

    [Fact]
    public void The_instruct_model_s_template_begins_each_text_with_begin_of_text()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var plain = LlamaTokenizer.Read(ReferenceTokenizer.Llama3);
        var instruct = LlamaTokenizer.Read(WithTemplate());

        Assert.Null(plain.BosTokenId);
        Assert.Equal(128_000, instruct.BosTokenId);
        Assert.Equal([128_000, .. plain.Encode("Oil prices rise", 100).Ids], instruct.Encode("Oil prices rise", 100).Ids);
        Assert.Equal([128_000], instruct.Encode("", 100).Ids);
    }

    [Theory]
    [InlineData("Oil prices rise as talks in Vienna fail")]
    [InlineData("👩‍👩‍👧‍👦👨🏽‍🚀🏳️‍🌈 𝕳𝖊𝖑𝖑𝖔 𠀀𠀁")]
    [InlineData("日本語のテキスト、中文文本。한국어 텍스트 ខ្មែរ")]
    public void A_cut_keeps_as_many_tokens_as_fit_and_falls_between_characters(string text)
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var tokenizer = LlamaTokenizer.Read(WithTemplate());
        var whole = tokenizer.Encode(text, 1000);
        var bytes = Bytes();
        Assert.False(whole.Truncated);

        for (var maxTokens = 2; maxTokens < whole.Ids.Length; maxTokens++)
        {
            var (ids, truncated) = tokenizer.Encode(text, maxTokens);

            Assert.True(truncated);
            Assert.InRange(ids.Length, 1, maxTokens);
            Assert.Equal(whole.Ids[..ids.Length], ids);
            var kept = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. ids.Skip(1).SelectMany(id => bytes[id])]);
            Assert.StartsWith(kept, text, StringComparison.Ordinal);
            // At most the rest of one character, three tokens, is left out.
            Assert.InRange(maxTokens - ids.Length, 0, 3);
        }

        Assert.Equal(whole.Ids, tokenizer.Encode(text, whole.Ids.Length).Ids);
        Assert.False(tokenizer.Encode(text, whole.Ids.Length).Truncated);
    }

    [Fact]
    public void A_hostile_single_word_takes_time_in_proportion_to_its_length()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var tokenizer = LlamaTokenizer.Read(ReferenceTokenizer.Llama3);
        Encode(tokenizer, letters: 1000);

        var once = Encode(tokenizer, letters: 25_000);
        var sixteenTimes = Encode(tokenizer, letters: 400_000);

        // Sixteen times the letters: 20 to 40 where time is linear (a longer queue, fewer cache hits), 256 where it is quadratic.
        Assert.InRange(sixteenTimes / once, 0, 128);
    }

    [Fact]
    public void Several_threads_get_the_same_ids_as_one()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var texts = EdgeCaseTexts.All.Where(text => text.Length < 10_000).ToArray();
        var alone = LlamaTokenizer.Read(ReferenceTokenizer.Llama3);
        var expected = texts.Select(text => alone.Encode(text, 100_000).Ids).ToArray();
        var shared = LlamaTokenizer.Read(ReferenceTokenizer.Llama3);

        var ids = Enumerable.Range(0, 400).AsParallel().Select(i => shared.Encode(texts[i % texts.Length], 100_000).Ids).ToArray();

        Assert.All(Enumerable.Range(0, ids.Length), i => Assert.Contains(expected, row => row.AsSpan().SequenceEqual(ids[i])));
    }

    [Theory]
    [InlineData("normalizer", """{"type":"NFKC"}""")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"_"}""")]
    [InlineData(
        "pre_tokenizer",
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(unclosed"},"behavior":"Isolated"},"""
        + """{"type":"ByteLevel","add_prefix_space":false}]}""")]
    [InlineData("post_processor", """{"type":"BertProcessing","sep":["[SEP]",1],"cls":["[CLS]",2]}""")]
    [InlineData("model", """{"type":"WordPiece","vocab":{}}""")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[]}""")]
    public void A_setting_that_is_not_supported_is_refused_with_the_name_of_the_file(string key, string value)
    {
        var tokenizer = JsonNode.Parse(ToyTokenizer.Json)!;
        tokenizer[key] = JsonNode.Parse(value);
        var path = folder.File("tokenizer.json", tokenizer.ToJsonString());

        var error = Assert.Throws<InvalidDataException>(() => LlamaTokenizer.Read(path));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
    }

    private static double Encode(LlamaTokenizer tokenizer, int letters)
    {
        var random = new Random(letters);
        var word = string.Concat(Enumerable.Range(0, letters).Select(_ => (char)('a' + random.Next(26))));
        var best = double.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var start = Stopwatch.GetTimestamp();
            tokenizer.Encode(word, int.MaxValue);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    /// <summary>Llama 3's vocabulary with the post-processor of Llama 3.2's instruct models.</summary>
    private string WithTemplate()
    {
        var tokenizer = JsonNode.Parse(File.ReadAllText(ReferenceTokenizer.Llama3))!;
        tokenizer["post_processor"] = JsonNode.Parse("""
            {"type": "Sequence", "processors": [
              {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
              {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
               "special_tokens": {"<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [128000], "tokens": ["<|begin_of_text|>"]}}}]}
            """);
        return folder.File("instruct.json", tokenizer.ToJsonString());
    }

    private static Dictionary<int, byte[]> Bytes()
    {
        var bytes = Enumerable.Range(0, 256).ToDictionary(value => ByteLevel.ToChar((byte)value), value => (byte)value);
        var vocabulary = JsonNode.Parse(File.ReadAllText(ReferenceTokenizer.Llama3))!["model"]!["vocab"]!.AsObject();
        return vocabulary.ToDictionary(entry => (int)entry.Value!, entry => entry.Key.Select(c => bytes[c]).ToArray());
    }
}
