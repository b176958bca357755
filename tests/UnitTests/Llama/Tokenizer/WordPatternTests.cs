using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Serverless.Llama.Tokenizer;

namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>A split pattern is data of a stranger: none may hold a core, and those that are supported split as .NET's own engine does.</summary>
public sealed class WordPatternTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(@"(a+)+b|\p{L}")]
    [InlineData(@"(\p{L}+)+\d|\p{L}")]
    [InlineData(@"(\p{L}|\p{L}\p{L})+\d|\p{L}")]
    [InlineData(@"(\p{L}*)*\d|\p{L}|\s+(?!\S)|\s+")]
    [InlineData(@"(.*a){20}|\p{L}")]
    public void A_pattern_that_backtracks_without_end_is_fast_or_refused(string pattern)
    {
        var text = new string('a', 45) + "!";
        var started = Stopwatch.GetTimestamp();

        var error = Record.Exception(() => LlamaTokenizer.Read(Write(pattern)).Encode(text, 1000));

        Assert.True(error is null or InvalidDataException, $"{error}");
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 30);
    }

    [Theory]
    [InlineData(@"(?=(a+)+b)\p{L}+|.", "needs backtracking")]
    [InlineData(@"(?<=x)a|.", "needs backtracking")]
    [InlineData(@"(a)\1|.", "needs backtracking")]
    [InlineData(@"(?>a+)b|.", "needs backtracking")]
    [InlineData(@"(x|\s+(?!\S)|\s+)+y|.", "needs backtracking")]
    [InlineData(@"\s??\p{L}+?|.", "lazy quantifier")]
    [InlineData(@"a*", "matches the empty text")]
    [InlineData(@"((\p{L}{1,5000}){1,5000}){1,5000}", "too large")]
    public void A_pattern_whose_time_has_no_bound_is_refused_by_name(string pattern, string reason)
    {
        var path = Write(pattern);

        var error = Assert.Throws<InvalidDataException>(() => LlamaTokenizer.Read(path));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(pattern, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_very_long_pattern_is_refused() => Assert.Contains(
        "at most 4,096", Assert.Throws<NotSupportedException>(() => WordPattern.Create(new string('a', 5000))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(@"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    [InlineData(@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData(@"\s+(?!\S)|\s+")]
    [InlineData(@"\s?\p{L}+")]
    [InlineData(@"\s?\p{P}+")]
    [InlineData(@" ?\p{L}+")]
    [InlineData(@"[\r\n]")]
    [InlineData(@"[一-龥ࠀ-一가-퟿]+")]
    [InlineData(WordPattern.Gpt2)]
    [InlineData(WordPattern.Llama3)]
    public void Words_are_those_of_an_engine_with_backtracking(string pattern)
    {
        string[] pieces = ["a", "B", "'s", "12345", " ", "   ", "\n", "\r\n", "\t", "!", "?!", "é", "文"];
        var random = new Random(11);
        var expression = new Regex(pattern, RegexOptions.CultureInvariant);
        var words = WordPattern.Create(pattern);

        foreach (var text in Enumerable.Range(0, 3000).Select(_ => string.Concat(random.GetItems(pieces, random.Next(0, 10)))))
        {
            var found = new List<(int, int)>();
            foreach (var word in words.Match(text))
            {
                found.Add(word);
            }

            Assert.Equal(expression.Matches(text).Select(match => (match.Index, match.Length)), found);
        }
    }

    private string Write(string pattern)
    {
        var tokenizer = JsonNode.Parse(ToyTokenizer.Json)!;
        tokenizer["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = pattern;
        return folder.File("tokenizer.json", tokenizer.ToJsonString());
    }
}
