using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

public sealed class DataSetFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Files_of_the_hub_become_parts_by_their_names()
    {
        folder.File("set/data/train-00000-of-00002.csv", "text,label\na,x\nb,y\n");
        folder.File("set/data/train-00001-of-00002.jsonl", """{"text":"c","label":"x"}""" + "\n" + """{"text":"d","label":"y"}""");
        folder.File("set/validation.csv", "text,label\ne,x\nf,y\n");
        folder.File("set/test/0000.csv", "text,label\ng,x\n");
        folder.File("set/README.md", "not data");

        var data = await DataSet.LoadAsync(Path.Combine(folder.Path, "set"), 0.1, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["a", "b", "c", "d"], data.Train.Select(row => row.Text));
        Assert.Equal(["e", "f"], data.HeldOut.Select(row => row.Text));
        Assert.Equal(["g"], data.Test.Select(row => row.Text));
        Assert.Equal("set", data.Name);
    }

    [Fact]
    public async Task Training_rows_that_are_in_the_test_file_too_are_removed_and_reported()
    {
        folder.File("set/train.csv", "text,label\na,x\nb,y\nc,x\nd,y\ne,x\nf,x\n");
        folder.File("set/test.csv", "text,label\nA,x\nC,x\n");

        var data = await DataSet.LoadAsync(Path.Combine(folder.Path, "set"), 0.1, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["2 rows left out whose text is also held out or test (train.csv line 2, 4)."], data.Notes);
        Assert.Equal(["b", "d", "e", "f"], data.Train.Concat(data.HeldOut).Select(row => row.Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_column_split_counts_more_than_the_name_of_the_file()
    {
        folder.File("set/train.csv", "text,label,split\na,x,train\nb,y,train\nc,x,test\nd,y,\ne,x,\n");

        Assert.Equal(["c"], (await DataSet.LoadAsync(Path.Combine(folder.Path, "set"), 0.1, cancellationToken: TestContext.Current.CancellationToken)).Test.Select(row => row.Text));
    }

    [Theory]
    [InlineData("data/test-00000-of-00001.parquet", "Test")]
    [InlineData("ag_news/train/0000.parquet", "Train")]
    [InlineData("validation.jsonl", "HeldOut")]
    [InlineData("my_dev_set.csv", "HeldOut")]
    [InlineData("contest.csv", null)]
    [InlineData("articles.csv", null)]
    public void A_path_names_its_part_as_a_whole_word(string file, string? part) => Assert.Equal(part, DataSetFolder.PartFromPath(file)?.ToString());

    [Fact]
    public async Task Copies_locks_and_metadata_that_programs_put_beside_data_are_not_read()
    {
        folder.File("set/train.csv", "text,label\na,x\nb,y\nc,x\nd,y\n");
        folder.File("set/.ipynb_checkpoints/train-checkpoint.csv", "text,label\ndeleted,obsolete\n");
        folder.File("set/__MACOSX/._train.csv", [0, 5, 22, 7]);
        folder.File("set/~$train.csv", [1, 2, 0]);
        folder.File("set/data/.cache/x.parquet", "not Parquet");

        var data = await DataSet.LoadAsync(Path.Combine(folder.Path, "set"), 0.1, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["x", "y"], data.Labels);
        Assert.StartsWith("4 files are not read (.ipynb_checkpoints/train-checkpoint.csv, __MACOSX/._train.csv, ", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_hidden_itself_is_read()
    {
        folder.File(".cache/set/train.csv", "text,label\na,x\nb,y\nc,x\nd,y\n");

        var data = await DataSet.LoadAsync(Path.Combine(folder.Path, ".cache/set"), 0.1, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(4, data.Train.Count + data.HeldOut.Count);
    }

    [Fact]
    public async Task A_folder_without_data_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(
            () => DataSet.LoadAsync(folder.Path, 0.1, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("holds no .csv, .jsonl or .parquet file", refusal.Message, StringComparison.Ordinal);
    }
}
