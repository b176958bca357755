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
    [InlineData("", "")]
    public void A_CSV_header_is_split_by_RFC_4180(string csv, string fields)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(csv));

        Assert.Equal(fields, string.Join('|', DatasetFormat.ReadCsvHeader(stream)));
    }

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
    [InlineData("../news", "a.csv", "'../news' is not a valid classifier name: use letters, digits, '-' and '_' only, at most 63 characters.")]
    [InlineData("news", "a/b.csv", "'a/b.csv' is not a valid name for a data set: use a plain file name of at most 200 characters, such as 2026-11.csv.")]
    [InlineData("news", "a.txt", "'a.txt' is not a data set: its name must end in .csv or .jsonl or .ndjson or .parquet.")]
    public void A_name_that_is_not_valid_is_described(string classifier, string file, string? expected)
    {
        var isValid = DatasetStore.TryValidateName(classifier, file, out var error);

        Assert.Equal((expected is null, expected), (isValid, error));
    }
}
