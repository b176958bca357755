using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

/// <summary>CSV files as spreadsheets and data frames write them.</summary>
public sealed class CsvShapesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("text,label,\none,x,\ntwo,y,\n")]
    [InlineData("text,label,,,\none,x,,,\ntwo,y,,,\n")]
    [InlineData("text,label,,\none,x\ntwo,y\n")]
    [InlineData("text,label\none,x,,\ntwo,y,,,\n")]
    [InlineData("text,label\none,x\n,\n,\n,\ntwo,y\n,\n,,,\n")]
    [InlineData(",text,label\n0,one,x\n1,two,y\n")]
    [InlineData(",text,,label,\n0,one,?,x,\n1,two,?,y,\n")]
    [InlineData("notes,Notes,notes,text,label\n,,,one,x\n1,2,3,two,y\n")]
    [InlineData("sep=,\r\ntext,label\r\none,x\r\ntwo,y\r\n")]
    [InlineData("\uFEFFsep=;\r\ntext;label\r\none;x\r\ntwo;y\r\n")]
    [InlineData("\r\n\r\n\"sep=\t\"\r\ntext\tlabel\r\none\tx\r\ntwo\ty\r\n")]
    [InlineData("\"text\",\"label\",\"a, b\nc\"\none,x,\ntwo,y,z\n")]
    public async Task Columns_that_are_not_read_do_not_matter(string content)
    {
        var read = await ReadAsync("a.csv", content);

        Assert.Empty(read.BadRows);
        Assert.Equal([("one", "x"), ("two", "y")], read.Rows.Select(row => (row.Text, row.Label)));
    }

    [Theory]
    [InlineData("sep=,\n\ntext,label\none,x\n,y\n", "line 5: the text is empty")]
    [InlineData("\"text\n(all)\",text,label\n,one,x\n,,y\n", "line 4: the text is empty")]
    [InlineData("text,label\r\none,x\r\n,\r\n,y\r\n", "line 4: the text is empty")]
    public async Task A_bad_row_is_named_by_its_line_in_the_file(string content, string expected)
    {
        var rows = string.Concat(Enumerable.Range(0, 20).Select(i => $"{(content.Contains("(all)", StringComparison.Ordinal) ? "," : "")}text {i},x\n"));

        Assert.Equal(expected, Assert.Single((await ReadAsync("a.csv", content + rows)).BadRows).ToString());
    }

    [Fact]
    public async Task Text_in_a_cell_without_a_name_is_the_rest_of_a_field_without_quotation_marks()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync("a.csv", "text,label,,\nHello, world,x,\n"));

        Assert.Contains("line 2: 3 columns where the first line names 2; quote a field that contains a comma", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.csv", "Text,TEXT,label\na,b,x\n", "Line 1 names the columns 'Text' and 'TEXT', which differ in case only")]
    [InlineData("a.csv", "sep=,\ntext,label,text\na,x,b\n", "Line 2 names the column 'text' twice")]
    [InlineData("a.csv", "text;label\na;x\n", "it is 'text;label'. Its fields are separated by commas, or by the character in a first line such as 'sep=;'.")]
    [InlineData("a.jsonl", "{\"Text\":\"a\",\"TEXT\":\"b\",\"label\":\"x\"}\n", "line 1: it names the columns 'Text' and 'TEXT', which differ in case only")]
    [InlineData("a.jsonl", "{\"sentence\":\"a\",\"label\":\"x\"}\n", "line 1: 'text' is missing; the keys are 'sentence', 'label'")]
    [InlineData("a.jsonl", "{\"text\":\"a\",\"id\":1}\n", "line 1: 'label' is missing; the keys are 'text', 'id'")]
    public async Task Names_that_are_not_usable_are_told(string name, string content, string expected)
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync(name, content));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.csv", "Sentence,CATEGORY\none,x\n")]
    [InlineData("a.jsonl", "{\"Sentence\":\"one\",\"CATEGORY\":\"x\"}\n")]
    [InlineData("a.jsonl", "{\" sentence \":\"one\",\"category\\ufeff\":\"x\"}\n")]
    public async Task Columns_that_are_named_are_found_in_every_format_whatever_their_case(string name, string content)
    {
        var read = await DataSetFile.ReadAsync(folder.File(name, content), fields: new RowFields("Sentence", "Category"), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([("one", "x")], read.Rows.Select(row => (row.Text, row.Label)));
    }

    [Theory]
    [InlineData("a.csv", "title,text,label\n Rates ,rise again,x\n,no title,y\n")]
    [InlineData("a.jsonl", "{\"Title\":\" Rates \",\"text\":\"rise again\",\"label\":\"x\"}\n{\"text\":\"no title\",\"label\":\"y\"}\n")]
    public async Task A_title_is_joined_as_it_is_when_an_article_is_classified(string name, string content)
    {
        var read = await ReadAsync(name, content);

        Assert.Equal([Serverless.Storage.ArticleText.WithTitle(" Rates ", "rise again"), "no title"], read.Rows.Select(row => row.Text));
        Assert.Contains("is put before 'text'", Assert.Single(read.Notes), StringComparison.Ordinal);
    }

    private Task<DataSetFile> ReadAsync(string name, string content) =>
        DataSetFile.ReadAsync(folder.File(name, content), cancellationToken: TestContext.Current.CancellationToken);
}
