using Parquet;
using Parquet.Schema;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>Reads Parquet files as the Hugging Face Hub exports them: columns of text, labels as text, integers, floats or booleans.</summary>
internal static class ParquetRows
{
    private const int MaxRows = 20_000_000;

    public static async Task<ReadResult> ReadAsync(string file, string path, RowFields fields, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = File.OpenRead(path);
            return await ReadRowsAsync(file, stream, fields, cancellationToken);
        }
        catch (OutOfMemoryException)
        {
            throw new DataSetRefusedException(file, "Its texts do not fit into memory once they are unpacked; split it into smaller files or sets.");
        }
        catch (Exception exception) when (exception is not (DataSetRefusedException or OperationCanceledException))
        {
            // The library throws exceptions of many types on damaged files.
            throw new DataSetRefusedException(file, $"Not a Parquet file, or a damaged one ({exception.Message.TrimEnd('.')}); download or export it again.");
        }
    }

    private static async Task<ReadResult> ReadRowsAsync(string file, Stream stream, RowFields fields, CancellationToken cancellationToken)
    {
        await using var reader = await ParquetReader.CreateAsync(stream, cancellationToken: cancellationToken);
        string[] names = [.. reader.Schema.Fields.Select(field => field.Name)];
        var columns = fields.Find(names);
        if (!fields.AreUsable(columns))
        {
            throw new DataSetRefusedException(file, fields.DescribeMissing(columns, names));
        }

        var used = FindUsed(file, reader.Schema, columns);
        var rows = reader.RowGroups.Sum(group => group.RowCount);
        if (rows > MaxRows)
        {
            throw new DataSetRefusedException(file, $"It has more than {MaxRows:N0} rows; split it.");
        }

        var size = new UnpackedSize(file, stream.Length, rows);
        size.ThrowIfTooLarge(reader.RowGroups.Sum(group => used.Values.Sum(field => ParquetColumn.GetUnpackedSize(group, field))));
        var parsed = new List<ParsedRow>();
        foreach (var group in reader.RowGroups)
        {
            await ReadGroupAsync(group, used, columns, size, parsed, cancellationToken);
        }

        var metadata = reader.CustomMetadata?.GetValueOrDefault(HubFeatures.Key);
        return ReadResult.FromRows(parsed) with
        {
            LabelNames = columns.Label is { } label ? HubFeatures.LabelNames(metadata, ColumnNames.Trim(names[label]), file) : null,
            Note = RowFields.DescribeTitle(columns, names),
        };
    }

    /// <returns>The columns to read, by their index in the file.</returns>
    private static Dictionary<int, DataField> FindUsed(string file, ParquetSchema schema, DatasetColumns columns)
    {
        var used = new Dictionary<int, DataField>();
        foreach (var index in new[] { columns.Text, columns.Title, columns.Label, columns.Split }.OfType<int>().Distinct())
        {
            used.Add(index, ParquetColumn.IsReadable(schema.Fields[index])
                ? (DataField)schema.Fields[index]
                : throw new DataSetRefusedException(file, $"The column {ParquetColumn.Describe(schema.Fields[index])}; text, numbers and booleans are read."));
        }

        return used;
    }

    private static async Task ReadGroupAsync(
        ParquetRowGroupReader group, Dictionary<int, DataField> used, DatasetColumns columns, UnpackedSize size, List<ParsedRow> parsed,
        CancellationToken cancellationToken)
    {
        var content = new Dictionary<int, FieldValue[]>();
        foreach (var (index, field) in used)
        {
            content[index] = await ParquetColumn.ReadAsync(group, field, cancellationToken);
            size.Add(content[index]);
        }

        for (var i = 0; i < group.RowCount; i++)
        {
            parsed.Add(RowFields.Parse(RowPlace.Row(parsed.Count + 1), columns, index => content[index][i]));
        }
    }
}
