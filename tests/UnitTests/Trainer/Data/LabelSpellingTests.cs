using Serverless.Llama.Tokenizer;
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

public sealed class LabelSpellingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a.csv", "1.0,1,+1.0,01,1.", "1,1,1,01,1")]
    [InlineData("a.csv", "-1.0,-0.0,1.5,1.50,v1.0", "-1,0,1.5,1.50,v1.0")]
    [InlineData("a.csv", "True,FALSE,true,false", "true,false,true,false")]
    [InlineData("a.csv", "True,FALSE,Maybe", "True,FALSE,Maybe")]
    [InlineData("a.jsonl", "1.0,1,1e0,10E-1,\"1.0\",-0.0,1.50", "1,1,1,1,1,0,1.5")]
    [InlineData("a.jsonl", "12345678901234567890,1e3,1e400", "12345678901234567890,1000,1e400")]
    [InlineData("a.jsonl", "true,false,\"True\"", "true,false,true")]
    [InlineData("a.csv", "E\u0301conomie,\u00C9conomie, \u00C9conomie ", "\u00C9conomie,\u00C9conomie,\u00C9conomie")]
    public async Task Labels_that_are_the_same_have_one_spelling(string name, string labels, string expected)
    {
        var rows = labels.Split(',').Select((label, i) => name == "a.csv" ? $"text {i},{label}" : $$"""{"text":"text {{i}}","label":{{label}}}""");

        var read = await ReadAsync(name, (name == "a.csv" ? "text,label\n" : "") + string.Join('\n', rows));

        Assert.Equal(expected.Split(','), read.Rows.Select(row => row.Label));
    }

    [Theory]
    [InlineData("Sport,sport,World", "The labels 'Sport' (1 rows), 'sport' (1 rows) differ in case or white space only")]
    [InlineData("Sci  Tech,Sci Tech,World", "The labels 'Sci  Tech' (1 rows), 'Sci Tech' (1 rows) differ in case or white space only")]
    [InlineData("nan,World,nan", "The label 'nan' (2 rows) is a class of its own, and looks like a missing value")]
    [InlineData("None,World,World", "The label 'None' (1 rows) is a class of its own")]
    [InlineData("NULL,World,World", "The label 'NULL' (1 rows) is a class of its own")]
    [InlineData("Sport,World,Sport", null)]
    public async Task Labels_that_look_like_mistakes_are_told(string labels, string? note)
    {
        var read = await ReadAsync("a.csv", "text,label\n" + string.Join('\n', labels.Split(',').Select((label, i) => $"text {i},{label}")));

        Assert.Equal(note is null ? 0 : 1, read.Notes.Count);
        Assert.All(read.Notes, each => Assert.StartsWith(note!, each, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, 2, true)]
    [InlineData(200, 9, true)]
    [InlineData(200, 15, true)]
    [InlineData(200, 50, false)]
    [InlineData(10, 2, false)]
    public async Task A_label_with_very_few_rows_is_warned_of_before_the_training(int major, int minor, bool warns)
    {
        var rows = Enumerable.Range(0, major).Select(i => $"text {i},Major").Concat(Enumerable.Range(0, minor).Select(i => $"other {i},Minor"));

        var data = await DataSet.LoadAsync(
            folder.File("a.csv", "text,label\n" + string.Join('\n', rows)), 0.1, cancellationToken: TestContext.Current.CancellationToken);

        var note = ClassBalance.Describe(data.Train, isWeighted: false);
        Assert.Equal(warns, note?.StartsWith("Warning: few rows have the label 'Minor' (", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData(false, "Warning: few rows have the label 'a' (2, 2 % of the rows), 'b' (5, 5 % of the rows) beside 'c' (93, 93 % of the rows); it will seldom be predicted: set class_weights to balanced, add rows, or join it with another label.")]
    [InlineData(true, "Class weights are set: few rows have the label 'a' (2, 2 % of the rows), 'b' (5, 5 % of the rows) beside 'c' (93, 93 % of the rows).")]
    public void The_share_of_a_label_is_told_and_class_weights_are_proposed(bool isWeighted, string expected)
    {
        var rows = Enumerable.Range(0, 100).Select(i => new DataSetRow(RowPlace.Line(i), $"text {i}", i < 2 ? "a" : i < 7 ? "b" : "c", null)).ToArray();

        Assert.Equal(expected, ClassBalance.Describe(rows, isWeighted));
    }

    // Expected values are those of Python's unicodedata.normalize("NFC", …).
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("e\u0302\u0323", "\u1EC7")]
    [InlineData("\u00EA\u0323", "\u1EC7")]
    [InlineData("a\u0323\u0302n", "\u1EADn")]
    [InlineData("u\u0308\u0304", "\u01D6")]
    [InlineData("\u0418\u0306\u0438\u0306", "\u0419\u0439")]
    [InlineData("\u30AB\u3099\u30CF\u309A", "\u30AC\u30D1")]
    [InlineData("\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00")]
    [InlineData("\u03B1\u0314\u0301\u0345", "\u1F85")]
    [InlineData("x\u0301y", "x\u0301y")]
    [InlineData("a\u0301\u0301", "\u00E1\u0301")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\U0001F600e\u0301", "\U0001F600\u00E9")]
    public void Letters_and_their_marks_become_one_character(string text, string expected) => Assert.Equal(expected, UnicodeComposition.Compose(text));

    private Task<DataSetFile> ReadAsync(string name, string content) =>
        DataSetFile.ReadAsync(folder.File(name, content), cancellationToken: TestContext.Current.CancellationToken);
}
