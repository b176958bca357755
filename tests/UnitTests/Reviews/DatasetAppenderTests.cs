using System.Text;
using Serverless.Reviews;
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Reviews;

public sealed class DatasetAppenderTests
{
    private static readonly LabelledText Reviewed = new("He said \"no\",\nand left.", "World");

    [Theory]
    [InlineData("news.csv", "text,label\nGoals were scored,Sports\n")]
    [InlineData("news.csv", "text,label\nGoals were scored,Sports")]
    [InlineData("news.csv", "Label,split,Text\nSports,,Goals were scored\n")]
    [InlineData("news.csv", "class index,title,description\nSports,Goals,were scored\n")]
    [InlineData("news.csv", "\"3\",\"Goals, again\",\"were scored\"\n")]
    [InlineData("news.csv", "\"Label, as given\",\"Text\",\"label\"\nnone,Goals were scored,Sports\n")]
    [InlineData("news.CSV", "\"label\",\"said \"\"so\"\"\",text\r\nSports,x,Goals were scored\r\n")]
    [InlineData("news.csv", "sep=,\r\ntext,label\r\nGoals were scored,Sports\r\n")]
    [InlineData("news.csv", "\"sep=;\"\nlabel;text\nSports;Goals, were scored\n")]
    [InlineData("news.csv", "\nlabel,text,,\nSports,Goals were scored,,\n")]
    [InlineData("news.csv", "\"note\n(a, b)\",text,label\n,Goals were scored,Sports\n")]
    [InlineData("news.csv", "TITLE,Text,LABEL\nCup,Goals were scored,Sports\n")]
    [InlineData("news.csv", "LABEL,label,text\nnone,Sports,Goals were scored\n")]
    [InlineData("news.jsonl", "[{\"text\":\"Goals were scored\",\"label\":\"Sports\"}]")]
    [InlineData("news.jsonl", "{\n  \"text\": \"Goals were scored\",\n  \"label\": \"Sports\"\n}\n")]
    [InlineData("news.jsonl", "{\"Text\":\"Goals were scored\",\"LABEL\":\"Sports\"},\n")]
    [InlineData("news.jsonl", "{\"text\":\"Goals were scored\",\"label\":\"Sports\"}\n")]
    [InlineData("news.csv", "")]
    public async Task The_trainer_reads_what_was_added_in_the_format_that_the_data_set_has(string file, string content)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, file);
        using (var dataset = new MemoryStream())
        {
            dataset.Write(Encoding.UTF8.GetBytes(content));
            var appender = DatasetAppender.Open(dataset, file);
            File.WriteAllText(path, Encoding.UTF8.GetString(dataset.ToArray()) + appender.Prefix + appender.FormatRow(Reviewed));
        }

        var read = await DataSetFile.ReadAsync(path, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Empty(read.BadRows);
        Assert.Equal((Reviewed.Text, Reviewed.Label), (read.Rows[^1].Text, read.Rows[^1].Label));
        Assert.Equal(content.Length == 0 ? 1 : 2, read.Rows.Count);
    }

    [Fact]
    public async Task A_field_that_is_never_closed_does_not_swallow_what_was_added()
    {
        using var folder = new TemporaryFolder();
        var rows = string.Concat(Enumerable.Range(0, 20).Select(i => $"text {i},{(i % 2 == 0 ? "even" : "odd")}\n"));
        using var dataset = new MemoryStream();
        dataset.Write(Encoding.UTF8.GetBytes($"text,label\n{rows}\"never closed,even\n"));
        var appender = DatasetAppender.Open(dataset, "a.csv");

        var path = folder.File("a.csv", Encoding.UTF8.GetString(dataset.ToArray()) + appender.Prefix + appender.FormatRow(Reviewed));
        var read = await DataSetFile.ReadAsync(path, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((Reviewed.Text, Reviewed.Label), (read.Rows[^1].Text, read.Rows[^1].Label));
        Assert.Equal(21, read.Rows.Count);
    }

    [Fact]
    public void A_data_set_without_text_and_label_columns_is_refused()
    {
        using var dataset = new MemoryStream("a,b\n1,2\n"u8.ToArray());

        var error = Assert.Throws<UserException>(() => DatasetAppender.Open(dataset, ".csv"));

        Assert.Contains("'a,b'", error.Message, StringComparison.Ordinal);
    }
}
