using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace Serverless.Trainer.Data;

/// <summary>Reads the rows of a Parquet file as the Hugging Face hub exports it: columns of text, labels as text or integers.</summary>
internal static class ParquetRows
{
    private const int MaxRows = 20_000_000;

    /// <returns>The names behind integer labels, where the file has them.</returns>
    public static LabelNames? Read(string file, byte[] bytes, RowFields fields, List<DataSetRow> rows, List<BadRow> badRows)
    {
        try
        {
            // Everything is in memory, so nothing is ever waited for.
            return ReadAsync(file, bytes, fields, rows, badRows).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is not DataSetRefusedException)
        {
            // The library meets damage with whatever exception the damage leads to.
            throw new DataSetRefusedException(file, $"Not a Parquet file, or a damaged one ({exception.Message.TrimEnd('.')}); download or export it again.");
        }
    }

    private static async Task<LabelNames?> ReadAsync(string file, byte[] bytes, RowFields fields, List<DataSetRow> rows, List<BadRow> badRows)
    {
        await using var reader = await ParquetReader.CreateAsync(new MemoryStream(bytes));
        var columns = reader.Schema.DataFields.Where(IsReadable).DistinctBy(Name).ToDictionary(Name);
        if (!fields.AreUsable(columns.Keys))
        {
            throw new DataSetRefusedException(
                file, $"It must have the columns {fields.Expected}; it has {string.Join(", ", reader.Schema.Fields.Select(field => $"'{field.Name}'"))}. --text-column and --label-column name others.");
        }

        if (reader.RowGroups.Sum(group => group.RowCount) > MaxRows)
        {
            throw new DataSetRefusedException(file, $"It has more than {MaxRows:N0} rows; split it.");
        }

        var row = 0L;
        foreach (var group in reader.RowGroups)
        {
            var content = new Dictionary<string, string?[]>();
            foreach (var (name, column) in columns.Where(column => fields.Uses(column.Key)))
            {
                content[name] = await ReadColumnAsync(group, column);
            }

            for (var i = 0; i < group.RowCount; i++)
            {
                fields.Add(RowPlace.Row(++row), name => content.GetValueOrDefault(name)?[i], rows, badRows);
            }
        }

        return HubFeatures.LabelNames(reader.CustomMetadata?.GetValueOrDefault(HubFeatures.Key), fields.FindLabelColumn(columns.Keys)!, file);
    }

    private static string Name(DataField field) => field.Name.Trim().ToLowerInvariant();

    private static bool IsReadable(DataField field) => field is { MaxRepetitionLevel: 0, Path.Length: 1 } && (
        IsText(field) || field.ClrType == typeof(long) || field.ClrType == typeof(int) ||
        field.ClrType == typeof(short) || field.ClrType == typeof(sbyte) || field.ClrType == typeof(byte) || field.ClrType == typeof(bool));

    private static bool IsText(DataField field) => field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>);

    private static async Task<string?[]> ReadColumnAsync(ParquetRowGroupReader group, DataField field)
    {
        if (IsText(field))
        {
            var texts = new string?[group.RowCount];
            await group.ReadAsync(field, texts.AsMemory()!);
            return texts;
        }

        return Type.GetTypeCode(field.ClrType) switch
        {
            TypeCode.Int64 => await ReadNumbersAsync<long>(group, field),
            TypeCode.Int32 => await ReadNumbersAsync<int>(group, field),
            TypeCode.Int16 => await ReadNumbersAsync<short>(group, field),
            TypeCode.SByte => await ReadNumbersAsync<sbyte>(group, field),
            TypeCode.Byte => await ReadNumbersAsync<byte>(group, field),
            _ => await ReadNumbersAsync<bool>(group, field),
        };
    }

    private static async Task<string?[]> ReadNumbersAsync<T>(ParquetRowGroupReader group, DataField field)
        where T : struct
    {
        var numbers = new T?[group.RowCount];
        if (field.IsNullable)
        {
            await group.ReadAsync(field, numbers.AsMemory());
        }
        else
        {
            var present = new T[group.RowCount];
            await group.ReadAsync(field, present.AsMemory());
            numbers = [.. present.Select(number => (T?)number)];
        }

        return [.. numbers.Select(number => number is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant() : null)];
    }
}
