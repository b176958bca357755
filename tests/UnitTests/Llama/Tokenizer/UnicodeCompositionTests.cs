using System.Diagnostics;
using System.Text;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Normalization form C equals that of Hugging Face tokenizers.</summary>
public sealed class UnicodeCompositionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void String_Normalize_does_nothing_in_these_programs() => Assert.Equal("e\u0301", "e\u0301".Normalize(NormalizationForm.FormC));

    [Fact]
    public async Task Every_character_is_composed_as_the_reference_does()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        var all = Enumerable.Range(0, 0x30000).Where(Rune.IsValid).Select(code => new Rune(code).ToString()).ToArray();

        await AssertSameAsync([.. all.Chunk(64).Select(chunk => string.Join('a', chunk)), .. all.Chunk(64).Select(chunk => string.Join('\u0301', chunk))]);
    }

    [Fact]
    public async Task Decomposed_and_disordered_texts_are_composed_as_the_reference_does()
    {
        ReferenceTokenizer.SkipIfNotInstalled();
        int[] rareMarks = [0x0315, 0x0316, 0x0334, 0x05B0, 0x0E38, 0x1161, 0x11A8];
        var marks = UnicodeTables.Compositions.Keys.Select(pair => pair.Second).Concat(rareMarks).Distinct().ToArray();
        var starters = UnicodeTables.Compositions.Keys.Select(pair => pair.First).Concat([0x1100, 0xAC00, 'x', ' ', 0x1F600]).Distinct().ToArray();
        var random = new Random(3);
        var pairs = UnicodeTables.Compositions.Keys.Select(pair => $"{new Rune(pair.First)}{new Rune(pair.Second)}");
        var mixed = Enumerable.Range(0, 4000).Select(_ =>
            string.Concat(Enumerable.Range(0, 12).Select(_ => $"{Draw(random.NextDouble() < 0.4 ? starters : marks)}")));

        await AssertSameAsync([.. pairs.Chunk(32).Select(chunk => string.Join(' ', chunk)), .. mixed]);

        Rune Draw(int[] codes) => new(codes[random.Next(codes.Length)]);
    }

    [Fact]
    public void A_hostile_row_of_marks_takes_time_in_proportion_to_its_length()
    {
        var text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0316", 250_000));
        var started = Stopwatch.GetTimestamp();

        var composed = UnicodeComposition.Compose(text);

        Assert.Equal("\u00E1\u0316\u0316", $"{composed[0]}{composed[1]}{composed[2]}".Replace("a", "\u00E1", StringComparison.Ordinal));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 10); // an insertion sort takes minutes
    }

    private async Task AssertSameAsync(IReadOnlyList<string> texts)
    {
        var path = TokenizerShapes.Bytes(Path.Combine(folder.Path, "tokenizer.json"));
        var expected = await ReferenceTokenizer.EncodeAsync("rust", path, texts, TestContext.Current.CancellationToken);

        foreach (var (text, ids) in texts.Zip(expected))
        {
            var theirs = Encoding.UTF8.GetString([.. ids.Select(id => (byte)id)]);
            var ours = UnicodeComposition.Compose(text);
            Assert.True(ours == theirs, $"{Codes(text)} became {Codes(ours)}, and {Codes(theirs)} was expected.");
        }
    }

    private static string Codes(string text) => string.Join(' ', text.EnumerateRunes().Select(rune => $"{rune.Value:X4}"));
}
