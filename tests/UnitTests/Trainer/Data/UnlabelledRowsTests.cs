using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

/// <summary>Test splits are often published without their labels.</summary>
public sealed class UnlabelledRowsTests : IDisposable
{
    private const string Train = "text,label\na,0\nb,1\nc,0\nd,1\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("-1", false)]
    [InlineData("-1.0", false)]
    [InlineData("-100", false)]
    [InlineData("", false)]
    [InlineData("-1", true)]
    [InlineData("-100", true)]
    [InlineData("", true)]
    public async Task Rows_of_a_test_file_without_a_label_are_left_out_with_a_note(string label, bool isNamed)
    {
        folder.File("set/train.csv", Train);
        folder.File("set/validation.csv", "text,label\ne,1\nf,0\n");
        folder.File("set/test.csv", $"text,label\ng,{label}\nh,{label}\n");
        var names = isNamed ? LabelNames.Read(folder.File("names.txt", "no\nyes\n")) : null;

        var data = await LoadAsync("set", names);

        Assert.Equal((4, 2, 0), (data.Train.Count, data.HeldOut.Count, data.Test.Count));
        Assert.Contains("2 test rows without a label left out", Assert.Single(data.Notes), StringComparison.Ordinal);
        Assert.Contains("test.csv", data.Notes[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1", "test", "2 test rows")]
    [InlineData("", "validation", "2 held-out rows")]
    public async Task The_same_is_so_in_a_file_with_a_split(string label, string part, string note)
    {
        var rows = string.Concat("abcdef".Select((text, i) => $"{text},{i % 2},train\n"));

        var data = await LoadAsync(Path.GetFileName(folder.File("a.csv", $"text,label,split\n{rows}g,{label},{part}\nh,{label},{part}\n")));

        Assert.Equal($"{note} without a label left out (line 8, 9).", Assert.Single(data.Notes));
        Assert.Equal(6, data.Train.Count + data.HeldOut.Count);
    }

    [Theory]
    [InlineData("test.csv", "text,id\ng,1\nh,2\n")]
    [InlineData("test.jsonl", "{\"text\":\"g\"}\n{\"text\":\"h\"}\n")]
    public async Task A_test_file_may_have_no_label_column(string name, string content)
    {
        folder.File("set/train.csv", Train);
        folder.File($"set/{name}", content);

        var data = await LoadAsync("set");

        Assert.Equal($"{name}: 2 test rows without a label left out ({(name == "test.csv" ? "line 2, 3" : "line 1, 2")}).", Assert.Single(data.Notes));
        Assert.Equal((4, 0), (data.Train.Count + data.HeldOut.Count, data.Test.Count));
    }

    [Fact]
    public async Task A_file_to_train_on_needs_a_label_column()
    {
        folder.File("set/train.csv", "text,id\ng,1\nh,2\n");

        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => LoadAsync("set"));

        Assert.Contains("Line 1 must name the columns", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Minus_one_is_a_label_where_rows_to_train_on_have_it()
    {
        folder.File("set/train.csv", "text,label\na,-1\nb,1\nc,-1\nd,1\n");
        folder.File("set/test.csv", "text,label\ng,-1\nh,1\n");

        var data = await LoadAsync("set");

        Assert.Equal(["-1", "1"], data.Test.Select(row => row.Label));
        Assert.Empty(data.Notes);
    }

    [Fact]
    public async Task A_row_to_train_on_needs_a_label()
    {
        folder.File("set/train.csv", "text,label\na,\nb,\nc,\n");

        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => LoadAsync("set"));

        Assert.Contains("line 2: the label is empty", refusal.Message, StringComparison.Ordinal);
    }

    private Task<DataSet> LoadAsync(string path, LabelNames? names = null) =>
        DataSet.LoadAsync(Path.Combine(folder.Path, path), 0.1, labelNames: names, cancellationToken: TestContext.Current.CancellationToken);
}
