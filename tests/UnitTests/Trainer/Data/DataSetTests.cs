
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

public sealed class DataSetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_csv_file_gives_texts_labels_and_the_line_on_which_each_row_begins()
    {
        var file = await ReadAsync("a.csv", "text,label\n\"two\nlines, one \"\"text\"\"\",x\n\nplain,y\n");

        Assert.Equal([new DataSetRow(RowPlace.Line(2), "two\nlines, one \"text\"", "x", null), new DataSetRow(RowPlace.Line(5), "plain", "y", null)], file.Rows);
        Assert.Empty(file.BadRows);
    }

    [Fact]
    public async Task A_jsonl_file_gives_the_same_rows_as_a_csv_file()
    {
        var csv = await ReadAsync("a.csv", "text,label,split\none,1,train\ntwo,2,held-out\nthree,2,test\n");
        var jsonl = await ReadAsync("a.jsonl", """
            {"text":"one","label":1,"split":"train"}
            {"text":"two","label":"2","split":"validation"}
            {"text":"three","label":2,"split":"test"}
            """);

        Assert.Equal(csv.Rows.Select(row => (row.Text, row.Label, row.Part)), jsonl.Rows.Select(row => (row.Text, row.Label, row.Part)));
    }

    [Fact]
    public async Task Ag_news_columns_are_joined_to_one_text()
    {
        var file = await ReadAsync("a.csv", "Class Index,Title,Description\n3,Oil falls,Prices slid on Monday.\n");

        var row = Assert.Single(file.Rows);
        Assert.Equal(("Oil falls Prices slid on Monday.", "3"), (row.Text, row.Label));
    }

    [Fact]
    public async Task A_byte_order_mark_and_windows_line_ends_do_no_harm()
    {
        var file = await ReadAsync("a.csv", "\uFEFFtext,label\r\none,x\r\ntwo,y\r\n");

        Assert.Equal(["one", "two"], file.Rows.Select(row => row.Text));
        Assert.Equal([2, 3], file.Rows.Select(row => row.Line));
    }

    [Fact]
    public async Task Broken_encoding_is_refused_with_its_lines()
    {
        byte[] bytes = [.. "text,label\ngood,x\n"u8, .. "caf"u8, 0xE9, .. ",y\n"u8];

        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => DataSetFile.ReadAsync(folder.File("latin1.csv", bytes), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal([3], refusal.BadRows.Select(row => row.Line));
        Assert.Contains("latin1.csv: The encoding is broken; save the file as UTF-8. Bad rows: line 3: not UTF-8 text.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Utf16_is_refused_by_name()
    {
        var bytes = System.Text.Encoding.Unicode.GetPreamble().Concat(System.Text.Encoding.Unicode.GetBytes("text,label\na,b\n")).ToArray();

        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => DataSetFile.ReadAsync(folder.File("a.csv", bytes), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("UTF-16", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text,label\n,x\n  ,y\n", new[] { 2, 3 }, "the text is empty")]
    [InlineData("text,label\nsome text,\n", new[] { 2 }, "the label is empty")]
    [InlineData("text,label\nall,too,many\n", new[] { 2 }, "3 columns where the first line names 2")]
    [InlineData("text,label\n\"never closed,x\nmore,y\n", new[] { 2 }, "never closed")]
    [InlineData("text,label\n\"a\" b,x\n", new[] { 2 }, "follows a closing quotation mark")]
    [InlineData("text,label,split\na,x,somewhere\n", new[] { 2 }, "the split is 'somewhere'")]
    public async Task A_csv_file_without_usable_rows_is_refused_with_the_lines(string content, int[] lines, string reason)
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync("a.csv", content));

        Assert.Equal(lines, refusal.BadRows.Select(row => row.Line));
        Assert.Contains("No usable rows", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_jsonl_file_without_usable_rows_is_refused_with_the_lines()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync("a.jsonl", "{\"text\":\n\n[1]\n{\"label\":\"x\"}\n"));

        Assert.Equal([1, 3, 4], refusal.BadRows.Select(row => row.Line));
    }

    [Theory]
    [InlineData("a.csv", "")]
    [InlineData("a.csv", "body,topic\na,b\n")]
    [InlineData("a.csv", "text,label,text\na,b,c\n")]
    [InlineData("a.parquet", "text,label\na,b\n")]
    public async Task A_file_that_is_no_data_set_is_refused(string name, string content) =>
        await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync(name, content));

    [Fact]
    public async Task One_bad_row_in_ten_is_left_out_and_told_but_more_are_refused()
    {
        var rows = string.Concat(Enumerable.Range(0, 18).Select(i => $"text {i},{(i % 2 == 0 ? "even" : "odd")}\n"));

        var data = await DataSet.LoadAsync(folder.File("a.csv", "text,label\n" + rows + ",even\n"), 0.2, cancellationToken: TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync("b.csv", "text,label\n" + rows + ",even\n,odd\n,odd\n"));

        Assert.Equal(["1 bad rows left out: line 20: the text is empty."], data.Notes);
        Assert.Equal([20, 21, 22], refusal.BadRows.Select(row => row.Line));
    }

    [Fact]
    public async Task One_label_only_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => LoadAsync("text,label\na,x\nb,x\nc,x\n"));

        Assert.Contains("only the label 'x'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_label_with_a_single_row_is_refused_with_its_line()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => LoadAsync("text,label\na,x\nb,x\nc,y\nC,y\n"));

        Assert.Equal([5], refusal.BadRows.Select(row => row.Line));
        Assert.Contains("the only row with the label 'y'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_label_that_occurs_in_no_training_row_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => LoadAsync("""
            text,label,split
            a,x,train
            b,x,held-out
            c,y,train
            d,y,held-out
            e,z,test
            """));

        Assert.Contains("'z' has no row to train on", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_comes_again_counts_once_and_its_last_label_holds()
    {
        var data = await LoadAsync("text,label\nSame  text,x\nb,x\nc,y\nd,x\nsame text,y\nb,x\n");

        Assert.Equal(["b", "c", "d", "same text"], data.Train.Concat(data.HeldOut).Select(row => row.Text).Order(StringComparer.Ordinal));
        Assert.Equal("y", data.Train.Concat(data.HeldOut).Single(row => row.Text == "same text").Label);
        Assert.Equal(
            ["1 repeated rows left out (line 3).", "1 rows left out whose text comes again later with another label (line 2)."], data.Notes);
    }

    [Fact]
    public async Task A_training_row_that_is_also_held_out_or_test_is_dropped_and_told()
    {
        var data = await LoadAsync("""
            text,label,split
            a,x,train
            b,x,train
            c,y,train
            d,y,train
            A,x,held-out
            e,y,held-out
            C,y,test
            """);

        Assert.Equal(["b", "d"], data.Train.Select(row => row.Text));
        Assert.Equal(["A", "e"], data.HeldOut.Select(row => row.Text));
        Assert.Equal(["C"], data.Test.Select(row => row.Text));
        Assert.Equal(["2 rows left out whose text is also held out or test (line 2, 4)."], data.Notes);
    }

    [Fact]
    public async Task Labels_stand_in_ordinal_order_whatever_the_order_of_the_rows() =>
        Assert.Equal(["Sports", "World", "animals"], (await LoadAsync("text,label\na,animals\nb,animals\nc,World\nd,World\ne,Sports\nf,Sports\n")).Labels);

    private Task<DataSetFile> ReadAsync(string name, string content) => DataSetFile.ReadAsync(folder.File(name, content), cancellationToken: TestContext.Current.CancellationToken);

    private Task<DataSet> LoadAsync(string content) =>
        DataSet.LoadAsync(folder.File("data.csv", content), 0.1, cancellationToken: TestContext.Current.CancellationToken);
}
