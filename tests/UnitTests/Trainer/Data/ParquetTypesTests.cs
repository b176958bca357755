using Parquet;
using Parquet.Schema;
using Serverless.Trainer.Data;

namespace Serverless.UnitTests.Trainer.Data;

/// <summary>Types of columns, and sizes, that programs other than the hub's write.</summary>
public sealed class ParquetTypesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Unsigned_and_floating_point_labels_are_the_same_as_integers()
    {
        Assert.Equal(["0", "1", "1"], await LabelsAsync<uint>([0, 1, 1]));
        Assert.Equal(["0", "1", "1"], await LabelsAsync<ulong>([0, 1, 1]));
        Assert.Equal(["0", "1", "1"], await LabelsAsync<ushort>([0, 1, 1]));
        Assert.Equal(["0", "1", "1"], await LabelsAsync<float>([0, 1, 1]));
        Assert.Equal(["0", "1", "-1"], await LabelsAsync<double>([-0.0, 1, -1]));
        Assert.Equal(["0.5", "1.5", "1"], await LabelsAsync<double>([0.5, 1.5, 1]));
        Assert.Equal(["0", "1", "1"], await LabelsAsync<decimal>([0, 1.0m, 1.00m]));
        Assert.Equal(["true", "false", "true"], await LabelsAsync<bool>([true, false, true]));
        Assert.Equal(["no", "yes", "yes"], await LabelsAsync<uint>([0, 1, 1], ToyParquet.Names("no", "yes")));
        Assert.Equal(["no", "yes", "yes"], await LabelsAsync<double>([0, 1, 1], ToyParquet.Names("no", "yes")));
    }

    [Fact]
    public async Task Not_a_number_is_no_label()
    {
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => LabelsAsync<double>([double.NaN, double.PositiveInfinity, double.NaN]));

        Assert.Contains("row 1: the label is empty; row 2: the label is infinite; row 3: the label is empty", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_text_are_read_and_others_are_named_by_their_row()
    {
        var (text, label) = (new DataField<byte[]>("text"), new DataField<byte[]>("label"));
        byte[][] texts = [.. Enumerable.Range(0, 20).Select(i => System.Text.Encoding.UTF8.GetBytes($"é {i}")), [0xFF, 0xFE]];
        var file = await WriteAsync(new ParquetSchema(text, label), async group =>
        {
            await group.WriteAsync(text, texts);
            await group.WriteAsync(label, [.. texts.Select(_ => "x"u8.ToArray())]);
        });

        var read = await ReadAsync(file);

        Assert.Equal(("é 0", "x", 20), (read.Rows[0].Text, read.Rows[0].Label, read.Rows.Count));
        Assert.Equal("row 21: the text is not UTF-8 text", Assert.Single(read.BadRows).ToString());
    }

    [Fact]
    public async Task A_column_of_another_type_is_named_with_it()
    {
        var (text, label) = (new DataField<string>("text"), new DataField<DateTime>("label"));
        var dates = await WriteAsync(new ParquetSchema(text, label), async group =>
        {
            await group.WriteAsync(text, ["a"]);
            await group.WriteAsync<DateTime>(label, new[] { DateTime.UnixEpoch }.AsMemory(), cancellationToken: CancellationToken);
        });

        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync(dates));

        Assert.Contains("The column 'label' has the type INT", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_of_columns_differ_in_case_and_a_title_is_joined()
    {
        var (title, text, label) = (new DataField<string>("Title"), new DataField<string>("TEXT"), new DataField<string>("Label"));
        var file = await WriteAsync(new ParquetSchema(title, text, label), async group =>
        {
            await group.WriteAsync(title, ["Rates", ""]);
            await group.WriteAsync(text, ["rise", "fall"]);
            await group.WriteAsync(label, ["x", "y"]);
        });

        Assert.Equal([("Rates rise", "x"), ("fall", "y")], (await ReadAsync(file)).Rows.Select(row => (row.Text, row.Label)));
    }

    [Theory]
    [InlineData(300, 1_000_000)]
    [InlineData(3_000_000, 1)]
    public async Task A_small_file_that_unpacks_to_hundreds_of_megabytes_is_refused_before_it_is_read(int rows, int characters)
    {
        var (text, label) = (new DataField<string>("text"), new DataField<string>("label"));
        var value = new string('a', characters);
        var file = await WriteAsync(new ParquetSchema(text, label), async group =>
        {
            await group.WriteAsync(text, [.. Enumerable.Repeat(value, rows)]);
            await group.WriteAsync(label, [.. Enumerable.Repeat("x", rows)]);
        });
        Assert.InRange(new FileInfo(file).Length, 1, 10_000_000);

        var before = GC.GetTotalAllocatedBytes();
        var refusal = await Assert.ThrowsAsync<DataSetRefusedException>(() => ReadAsync(file));

        Assert.Matches("^a.parquet: Its columns unpack from [0-9]+ MB to [0-9]{3} MB; ", refusal.Message);
        Assert.DoesNotContain("damaged", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 50_000_000);
    }

    [Fact]
    public void Values_count_as_they_are_read_whatever_the_metadata_says()
    {
        var size = new UnpackedSize("a.parquet", packed: 1000, rows: 10);
        var megabyte = new FieldValue(new string('a', 1 << 20));

        size.Add(Enumerable.Repeat(megabyte, 100));

        Assert.Throws<DataSetRefusedException>(() => size.Add(Enumerable.Repeat(megabyte, 100)));
    }

    private async Task<string[]> LabelsAsync<T>(T[] labels, string metadata = "{}")
        where T : struct
    {
        var file = folder.File("a.parquet", await ToyParquet.BytesAsync([.. labels.Select((_, i) => $"text {i}")], labels, metadata));
        return [.. (await ReadAsync(file)).Rows.Select(row => row.Label)];
    }

    private async Task<string> WriteAsync(ParquetSchema schema, Func<ParquetRowGroupWriter, Task> write)
    {
        var file = Path.Combine(folder.Path, "a.parquet");
        await using var stream = File.Create(file);
        await using var writer = await ParquetWriter.CreateAsync(
            schema, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Zstd }, cancellationToken: CancellationToken);
        using var group = writer.CreateRowGroup();
        await write(group);
        return file;
    }

    private static Task<DataSetFile> ReadAsync(string file) => DataSetFile.ReadAsync(file, cancellationToken: CancellationToken);
}
