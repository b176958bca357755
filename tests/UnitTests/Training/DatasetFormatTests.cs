using System.Text;
using Serverless.Training;

namespace Serverless.UnitTests.Training;

public sealed class DatasetFormatTests
{
    [Theory]
    [InlineData("text,label\n1,2\n", "text|label")]
    [InlineData("\uFEFFtext,label\r\n1,2\r\n", "text|label")]
    [InlineData("\"text, whole\",\"the \"\"label\"\"\"\n", "text, whole|the \"label\"")]
    [InlineData("\"two\nlines\",label\n", "two\nlines|label")]
    [InlineData("a,,b", "a||b")]
    [InlineData("sep=,\r\ntext,label\r\n", "text|label")]
    [InlineData("\n\"sep=;\"\n\ntext;label,x\n", "text|label,x")]
    [InlineData("", "")]
    public void A_CSV_header_is_split_by_RFC_4180(string csv, string fields)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(csv));

        Assert.Equal(fields, string.Join('|', CsvHeader.Read(stream).Fields));
    }

    [Theory]
    [InlineData("text,label\n\"never closed,x\n", true)]
    [InlineData("text,label\n\"a \"\"word\"\"\",x\n\"b\nc\",y\n", false)]
    [InlineData("text,label\n5\" wide,x\n", false)]
    public void A_field_that_is_not_closed_at_the_end_is_found(string csv, bool expected)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(csv));

        Assert.Equal(expected, CsvHeader.EndsInsideQuotes(stream, ','));
    }

    [Theory]
    [InlineData("a.csv", false)]
    [InlineData("2026/a.csv", false)]
    [InlineData("my__data.csv", false)]
    [InlineData("~notes.csv", false)]
    [InlineData(".ipynb_checkpoints/a.csv", true)]
    [InlineData("x/__MACOSX/._a.csv", true)]
    [InlineData("~$a.csv", true)]
    [InlineData("._a.csv", true)]
    public void Files_that_programs_put_beside_data_are_hidden(string path, bool expected) => Assert.Equal(expected, DatasetFormat.IsHidden(path));

    [Theory]
    [InlineData("a.csv", DatasetFileType.Csv)]
    [InlineData("a.JSONL", DatasetFileType.JsonLines)]
    [InlineData("a.ndjson", DatasetFileType.JsonLines)]
    [InlineData("a.parquet", DatasetFileType.Parquet)]
    [InlineData("a.csv.tmp", null)]
    [InlineData("csv", null)]
    public void The_type_of_a_file_follows_from_its_extension(string name, DatasetFileType? type) => Assert.Equal(type, DatasetFormat.GetFileType(name));

    [Theory]
    [InlineData("news", "2026-11.csv", null)]
    [InlineData("news", "training.json", null)] // the settings of its trainings
    [InlineData("../news", "a.csv", "'../news' is not a valid classifier name: use letters, digits, '-' and '_' only, at most 63 characters.")]
    [InlineData("news", "a/b.csv", "'a/b.csv' is not a valid name for a data set: use a plain file name of at most 200 characters, such as 2026-11.csv.")]
    [InlineData("news", "~$a.csv", "'~$a.csv' is not a data set: files whose name begins with '.', '__' or '~$' are copies, locks or metadata.")]
    [InlineData(
        "news", "a.json", "'a.json' is not a data set: its name must end in .csv or .jsonl or .ndjson or .parquet. A JSON array of objects may be named .jsonl.")]
    [InlineData("news", "a.txt", "'a.txt' is not a data set: its name must end in .csv or .jsonl or .ndjson or .parquet.")]
    public void A_name_that_is_not_valid_is_described(string classifier, string file, string? expected)
    {
        var isValid = DatasetStore.TryValidateName(classifier, file, out var error);

        Assert.Equal((expected is null, expected), (isValid, error));
    }
}
