using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

public sealed class LabelNamesTests : IDisposable
{
    private const string Topics = "World\nSports\nBusiness\nSci/Tech\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("names.txt", Topics)]
    [InlineData("names.json", """["World","Sports","Business","Sci/Tech"]""")]
    [InlineData("names.json", """{"4":"Sci/Tech","1":"World","2":"Sports","3":"Business"}""")]
    public async Task Ag_news_own_file_without_a_first_line_of_names_counts_from_one(string file, string names)
    {
        var read = await ReadAsync("train.csv", "\"3\",\"Oil falls\",\"Prices slid, on Monday.\"\n\"1\",\"Talks\",\"They meet.\"\n", file, names);

        Assert.Equal([("Oil falls Prices slid, on Monday.", "Business"), ("Talks They meet.", "World")], read.Rows.Select(row => (row.Text, row.Label)));
        Assert.Equal([1, 2], read.Rows.Select(row => row.Line));
    }

    [Fact]
    public async Task The_same_with_a_first_line_gives_the_same() =>
        Assert.Equal(["Sports"], (await ReadAsync("train.csv", "Class Index,Title,Description\n2,Rovers,They won.\n", "names.txt", Topics)).Rows.Select(row => row.Label));

    [Theory]
    [InlineData("0,1,3", "World,Sports,Sci/Tech")]
    [InlineData("4,1,2", "Sci/Tech,World,Sports")]
    public async Task Whether_a_list_counts_from_zero_or_one_is_told_by_the_labels(string labels, string expected)
    {
        var rows = string.Concat(labels.Split(',').Select((label, i) => $"text {i},{label}\n"));

        Assert.Equal(expected.Split(','), (await ReadAsync("a.csv", "text,label\n" + rows, "names.txt", Topics)).Rows.Select(row => row.Label));
    }

    [Fact]
    public async Task Labels_that_fit_from_zero_as_well_as_from_one_are_refused_with_the_way_out()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync("a.csv", "text,label\na,1\nb,2\n", "names.txt", Topics));

        Assert.Contains("write them as a JSON object", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_without_a_name_is_told_with_its_line_and_a_name_stays()
    {
        var rows = string.Concat(Enumerable.Range(0, 12).Select(i => $"text {i},{i % 4}\n"));

        var read = await ReadAsync("a.csv", "text,label\n" + rows + "odd,9\neven,Sports\n", "names.txt", Topics);

        Assert.Equal("line 14: the label '9' has no name in names.txt", Assert.Single(read.BadRows).ToString());
        Assert.Equal("Sports", read.Rows[^1].Label);
    }

    [Theory]
    [InlineData("")]
    [InlineData("only one\n")]
    [InlineData("same\nsame\n")]
    [InlineData("[1, 2]")]
    [InlineData("""{"first":"a","second":"b"}""")]
    [InlineData("[\"a\", ")]
    public void A_file_that_holds_no_names_is_refused_by_name(string names) =>
        Assert.StartsWith("names.txt: ", Assert.Throws<DataSetRefusedException>(() => LabelNames.Read(folder.File("names.txt", names))).Message, StringComparison.Ordinal);

    private Task<DataSetFile> ReadAsync(string name, string content, string namesFile, string names) => DataSetFile.ReadAsync(
        folder.File(name, content), labelNames: LabelNames.Read(folder.File(namesFile, names)), cancellationToken: TestContext.Current.CancellationToken);
}
