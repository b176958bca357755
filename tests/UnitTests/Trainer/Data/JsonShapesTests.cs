using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

/// <summary>JSON files that are not one object a line, and values that are not text.</summary>
public sealed class JsonShapesTests : IDisposable
{
    private const string One = """{"text":"one","label":"x"}""";
    private const string Two = """{"text":"two","label":"y"}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData($"[{One},{Two}]", 1, 1)]
    [InlineData($"\uFEFF \n[{One},\n{Two},\n]\n", 2, 3)]
    [InlineData("[\n  {\n    \"text\": \"one\",\n    \"label\": \"x\"\n  },\n  {\n    \"text\": \"two\",\n    \"label\": \"y\"\n  }\n]", 2, 6)]
    [InlineData("{\n  \"text\": \"one\",\n  \"label\": \"x\"\n}\n{\n  \"text\": \"two\",\n  \"label\": \"y\"\n}\n", 1, 5)]
    [InlineData($"[{One}]\n[{Two}]\n", 1, 2)]
    [InlineData($"[{One}]\n{Two}\n", 1, 2)]
    [InlineData($"{One}{Two}", 1, 1)]
    [InlineData($"{One} {Two}\n", 1, 1)]
    [InlineData($"{One},\n{Two},\n", 1, 2)]
    [InlineData($"{One}\r\n\r\n{Two}\r\n", 1, 3)]
    [InlineData("{\"text\":\"no\",\"text\":\"one\",\"label\":\"x\"}\n{\"text\":\"two\",\"k\\ud83d\":1,\"label\":\"y\",\"url\":\"\\ud83d\"}\n", 1, 2)]
    public async Task Objects_are_rows_however_they_stand_in_the_file(string content, int first, int second)
    {
        var read = await ReadAsync(content);

        Assert.Empty(read.BadRows);
        Assert.Equal([("one", "x", first), ("two", "y", second)], read.Rows.Select(row => (row.Text, row.Label, row.Line)));
    }

    [Theory]
    [InlineData("""{"text":"broken \ud83d","label":"x"}""", "the text holds half of a surrogate pair")]
    [InlineData("""{"text":"broken \udc00 first","label":"x"}""", "the text holds half of a surrogate pair")]
    [InlineData("""{"text":"a","label":"\ud83d"}""", "the label holds half of a surrogate pair")]
    [InlineData("""{"text":"a","label":"x","split":"\ud83d"}""", "the split holds half of a surrogate pair")]
    [InlineData("""{"title":"\ud83d","text":"a","label":"x"}""", "the title holds half of a surrogate pair")]
    [InlineData("""{"text":"a\u0000b","label":"x"}""", "the text holds a NUL character")]
    [InlineData("""{"text":"a","label":["x"]}""", "the label is a list, not a single value")]
    [InlineData("""{"text":"a","label":["x","y"]}""", "the label is a list, not a single value")]
    [InlineData("""{"text":"a","label":{"name":"x"}}""", "the label is an object, not a single value")]
    [InlineData("""{"text":{"en":"a"},"label":"x"}""", "the text is an object, not a single value")]
    [InlineData("""{"text":"a","label":null}""", "the label is empty")]
    [InlineData("""{"text":null,"label":"x"}""", "the text is empty")]
    [InlineData("""{"text":"a","label":NaN}""", "not valid JSON (at byte 20); NaN and Infinity are not JSON, write null")]
    [InlineData("""{"text":"a","label":"x"}]""", "not valid JSON")]
    [InlineData("""["a","x"]""", "not a JSON object but a list")]
    [InlineData("\"a\"", "not a JSON object but a string")]
    public async Task A_row_that_cannot_be_used_is_named_and_the_rest_is_used(string row, string reason)
    {
        var rows = Enumerable.Range(0, 20).Select(i => $$"""{"text":"text {{i}}","label":"x"}""").ToList();
        rows.Insert(10, row);

        var read = await ReadAsync(string.Join('\n', rows));

        Assert.StartsWith($"line 11: {reason}", Assert.Single(read.BadRows).ToString(), StringComparison.Ordinal);
        Assert.Equal(20, read.Rows.Select(each => each.Text).Where(text => text.StartsWith("text ", StringComparison.Ordinal)).Distinct().Count());
    }

    [Theory]
    [InlineData($"[{One},\n{{\"text\":]\n", "a.jsonl: The file is a JSON array that is not valid: line 2, byte 8.")]
    [InlineData("[1,2]", "line 1: not a JSON object but a number")]
    [InlineData($$"""{"version":1,"data":[{{One}},{{Two}}]}""", "the keys are 'version', 'data'; write the list 'data' alone to use its objects as rows")]
    [InlineData("""{"text":["one","two"],"label":["x","y"]}""", "line 1: the text is a list, not a single value")]
    public async Task Another_shape_is_refused_in_a_sentence_that_says_what_it_is(string content, string expected)
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync(content));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_named_json_is_told_how_it_is_read()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(
            () => DataSetFile.ReadAsync(folder.File("a.json", $"[{One},{Two}]"), cancellationToken: TestContext.Current.CancellationToken));

        Assert.EndsWith("A JSON array of objects is read if the file's name ends in .jsonl.", refusal.Message, StringComparison.Ordinal);
    }

    private Task<DataSetFile> ReadAsync(string content) =>
        DataSetFile.ReadAsync(folder.File("a.jsonl", content), cancellationToken: TestContext.Current.CancellationToken);
}
