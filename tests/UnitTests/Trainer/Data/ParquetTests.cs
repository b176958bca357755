using Parquet;
using Parquet.Schema;
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

public sealed class ParquetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // Written by Arrow's Rust library, in row groups of five, with the metadata that the hub writes.
    [Theory]
    [InlineData("hub-snappy.parquet")]
    [InlineData("hub-zstd.parquet")]
    public async Task A_file_of_the_hub_gives_texts_and_the_names_of_its_labels(string file)
    {
        var read = await DataSetFile.ReadAsync(Path.Combine(Repository.Root, "tests/UnitTests/Trainer/Data/Fixtures", file), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["Sports", "Business", "Sci/Tech", "World"], read.Rows.Take(4).Select(row => row.Label));
        Assert.Equal(11, read.Rows.Count);
        Assert.Equal("A probe finds ice under the crater’s rim — “plenty”, says the team.", read.Rows[2].Text);
        Assert.Equal("row 5: the text is empty", Assert.Single(read.BadRows).ToString());
    }

    [Theory]
    [InlineData("""{"info":{"features":{"label":{"names":["no","yes"],"_type":"ClassLabel"}}}}""")]
    [InlineData("""{"info":{"features":{"Label":{"feature":{"names":["no","yes"],"_type":"ClassLabel"},"_type":"Sequence"}}}}""")]
    [InlineData("""{"info":{"features":{"label":{"dtype":{"class_label":{"names":{"1":"yes","0":"no"}}}}}}}""")]
    public async Task Names_of_labels_are_found_however_deep_they_lie(string metadata)
    {
        var read = await DataSetFile.ReadAsync(await WriteAsync<long>("a.parquet", ["one", "two", "three"], [1, 0, 1], metadata), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["yes", "no", "yes"], read.Rows.Select(row => row.Label));
    }

    [Fact]
    public async Task Without_names_integers_are_the_labels_and_a_names_file_names_them()
    {
        var file = await WriteAsync<int>("a.parquet", ["one", "two", "three"], [0, 1, 1], "not the hub's");
        var names = LabelNames.Read(folder.File("names.txt", "no\nyes\n"));

        Assert.Equal(["0", "1", "1"], (await DataSetFile.ReadAsync(file, cancellationToken: TestContext.Current.CancellationToken)).Rows.Select(row => row.Label));
        Assert.Equal(["no", "yes", "yes"], (await DataSetFile.ReadAsync(file, labelNames: names, cancellationToken: TestContext.Current.CancellationToken)).Rows.Select(row => row.Label));
    }

    [Fact]
    public async Task A_row_without_a_label_is_told_by_its_row()
    {
        var metadata = """{"info":{"features":{"label":{"names":["no","yes"],"_type":"ClassLabel"}}}}""";
        var file = await WriteAsync<long>("test.parquet", ["a", "b"], [-1, 7], metadata);

        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => DataSetFile.ReadAsync(file, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("row 1: the row has no label (-1); row 2: the label '7' has no name in the metadata of test.parquet", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_columns_are_read_where_they_are_named_and_told_where_they_are_not()
    {
        var file = Path.Combine(folder.Path, "a.parquet");
        var (headline, topic) = (new DataField<string>("Headline"), new DataField<string>("topic"));
        await using (var stream = File.Create(file))
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(headline, topic), stream, cancellationToken: TestContext.Current.CancellationToken))
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(headline, ["one", "two"]);
            await group.WriteAsync(topic, ["x", "y"]);
        }

        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => DataSetFile.ReadAsync(file, cancellationToken: TestContext.Current.CancellationToken));
        var read = await DataSetFile.ReadAsync(file, fields: new RowFields("headline", "topic"), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Contains("it has 'Headline', 'topic'. --text-column", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([("one", "x"), ("two", "y")], read.Rows.Select(row => (row.Text, row.Label)));
    }

    [Fact]
    public async Task A_damaged_file_is_refused_by_name_wherever_the_damage_is()
    {
        var whole = File.ReadAllBytes(await WriteAsync<long>("whole.parquet", [.. Enumerable.Range(0, 50).Select(i => $"text {i}")], [.. Enumerable.Range(0, 50).Select(i => (long)i % 2)], "{}"));
        for (var length = 0; length < whole.Length; length += 37)
        {
            var cut = folder.File("cut.parquet", whole[..length]);

            var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(
                () => DataSetFile.ReadAsync(cut, cancellationToken: TestContext.Current.CancellationToken));
            Assert.StartsWith("cut.parquet: ", refusal.Message, StringComparison.Ordinal);
        }
    }

    private async Task<string> WriteAsync<T>(string name, string[] texts, T[] labels, string metadata)
        where T : struct => folder.File(name, await ToyParquet.BytesAsync(texts, labels, metadata));
}
