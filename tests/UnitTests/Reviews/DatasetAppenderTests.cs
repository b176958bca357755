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
    public void A_data_set_without_text_and_label_columns_is_refused()
    {
        using var dataset = new MemoryStream("a,b\n1,2\n"u8.ToArray());

        var error = Assert.Throws<UserException>(() => DatasetAppender.Open(dataset, ".csv"));

        Assert.Contains("'a,b'", error.Message, StringComparison.Ordinal);
    }
}
