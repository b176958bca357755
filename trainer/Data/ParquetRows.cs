using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace Serverless.Trainer.Data;

/// <summary>Reads Parquet files as the Hugging Face Hub exports them: columns of text, labels as text or integers.</summary>
internal static class ParquetRows
{
    private const int MaxRows = 20_000_000;

    public static async Task<ReadResult> ReadAsync(string file, byte[] bytes, RowFields fields, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadRowsAsync(file, bytes, fields, cancellationToken);
        }
        catch (Exception exception) when (exception is not (DataSetRefusedException or OperationCanceledException))
        {
            // The library throws exceptions of many types on damaged files.
            throw new DataSetRefusedException(file, $"Not a Parquet file, or a damaged one ({exception.Message.TrimEnd('.')}); download or export it again.");
        }
    }

    private static async Task<ReadResult> ReadRowsAsync(string file, byte[] bytes, RowFields fields, CancellationToken cancellationToken)
    {
        await using var reader = await ParquetReader.CreateAsync(new MemoryStream(bytes), cancellationToken: cancellationToken);
        var columns = reader.Schema.DataFields.Where(IsReadable).DistinctBy(Name).ToDictionary(Name);
        if (!fields.AreUsable(columns.Keys))
        {
            var found = string.Join(", ", reader.Schema.Fields.Select(field => $"'{field.Name}'"));
            throw new DataSetRefusedException(
                file, $"It must have the columns {fields.Expected}; it has {found}. --text-column and --label-column name others.");
        }

        if (reader.RowGroups.Sum(group => group.RowCount) > MaxRows)
        {
            throw new DataSetRefusedException(file, $"It has more than {MaxRows:N0} rows; split it.");
        }

        var parsed = new List<ParsedRow>();
        foreach (var group in reader.RowGroups)
        {
            var content = new Dictionary<string, string?[]>();
            foreach (var (name, column) in columns.Where(column => fields.Uses(column.Key)))
            {
                content[name] = await ReadColumnAsync(group, column, cancellationToken);
            }

            for (var i = 0; i < group.RowCount; i++)
            {
                parsed.Add(fields.Parse(RowPlace.Row(parsed.Count + 1), name => content.GetValueOrDefault(name)?[i]));
            }
        }

        var metadata = reader.CustomMetadata?.GetValueOrDefault(HubFeatures.Key);
        return ReadResult.FromRows(parsed) with { LabelNames = HubFeatures.LabelNames(metadata, fields.FindLabelColumn(columns.Keys)!, file) };
    }

    private static string Name(DataField field) => field.Name.Trim().ToLowerInvariant();

    private static bool IsReadable(DataField field) => field is { MaxRepetitionLevel: 0, Path.Length: 1 } && (
        IsText(field) || field.ClrType == typeof(long) || field.ClrType == typeof(int) ||
        field.ClrType == typeof(short) || field.ClrType == typeof(sbyte) || field.ClrType == typeof(byte) || field.ClrType == typeof(bool));

    private static bool IsText(DataField field) => field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>);

    private static async Task<string?[]> ReadColumnAsync(ParquetRowGroupReader group, DataField field, CancellationToken cancellationToken)
    {
        if (IsText(field))
        {
            var texts = new string?[group.RowCount];
            await group.ReadAsync(field, texts.AsMemory()!, cancellationToken: cancellationToken);
            return texts;
        }

        return Type.GetTypeCode(field.ClrType) switch
        {
            TypeCode.Int64 => await ReadNumbersAsync<long>(group, field, cancellationToken),
            TypeCode.Int32 => await ReadNumbersAsync<int>(group, field, cancellationToken),
            TypeCode.Int16 => await ReadNumbersAsync<short>(group, field, cancellationToken),
            TypeCode.SByte => await ReadNumbersAsync<sbyte>(group, field, cancellationToken),
            TypeCode.Byte => await ReadNumbersAsync<byte>(group, field, cancellationToken),
            _ => await ReadNumbersAsync<bool>(group, field, cancellationToken),
        };
    }

    private static async Task<string?[]> ReadNumbersAsync<T>(ParquetRowGroupReader group, DataField field, CancellationToken cancellationToken)
        where T : struct
    {
        var numbers = new T?[group.RowCount];
        if (field.IsNullable)
        {
            await group.ReadAsync(field, numbers.AsMemory(), cancellationToken: cancellationToken);
        }
        else
        {
            var present = new T[group.RowCount];
            await group.ReadAsync(field, present.AsMemory(), cancellationToken: cancellationToken);
            numbers = [.. present.Select(number => (T?)number)];
        }

        return [.. numbers.Select(number => number is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant() : null)];
    }
}
