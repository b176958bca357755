using System.Globalization;
using System.Text.Unicode;
using Parquet;
using Parquet.Schema;

namespace Serverless.Trainer.Data;

/// <summary>Reads the values of one column of a row group as text.</summary>
internal static class ParquetColumn
{
    // Above it a double no longer holds every whole number.
    private const double MaxWhole = 1L << 53;

    public static bool IsReadable(Field field) =>
        field is DataField { MaxRepetitionLevel: 0, Path.Length: 1 } data && (IsText(data) || IsBytes(data) || IsNumber(Type.GetTypeCode(data.ClrType)));

    /// <summary>The name and the type of a column that cannot be read: "'label' is a list", "'label' has the type INT96".</summary>
    public static string Describe(Field field) => field switch
    {
        DataField { MaxRepetitionLevel: > 0 } or ListField => $"'{field.Name}' is a list",
        DataField data => $"'{field.Name}' has the type {Describe(data)}",
        _ => $"'{field.Name}' is a {field.SchemaType.ToString().ToLowerInvariant()}",
    };

    /// <summary>The size of the values in a row group, as the file's metadata has it. A text that is repeated may count once.</summary>
    public static long GetUnpackedSize(ParquetRowGroupReader group, DataField field) => group.GetMetadata(field)?.MetaData is { } column
        ? Math.Max(column.TotalUncompressedSize, column.SizeStatistics?.UnencodedByteArrayDataBytes ?? 0)
        : 0;

    public static async Task<FieldValue[]> ReadAsync(ParquetRowGroupReader group, DataField field, CancellationToken cancellationToken)
    {
        if (IsText(field))
        {
            var texts = new string?[group.RowCount];
            await group.ReadAsync(field, texts.AsMemory()!, cancellationToken: cancellationToken);
            return [.. texts.Select(text => new FieldValue(text))];
        }

        if (IsBytes(field))
        {
            var values = new byte[]?[group.RowCount];
            await group.ReadAsync(field, values.AsMemory()!, cancellationToken: cancellationToken);
            return [.. values.Select(FromBytes)];
        }

        return Type.GetTypeCode(field.ClrType) switch
        {
            TypeCode.Int64 => await ReadNumbersAsync<long>(group, field, cancellationToken),
            TypeCode.UInt64 => await ReadNumbersAsync<ulong>(group, field, cancellationToken),
            TypeCode.Int32 => await ReadNumbersAsync<int>(group, field, cancellationToken),
            TypeCode.UInt32 => await ReadNumbersAsync<uint>(group, field, cancellationToken),
            TypeCode.Int16 => await ReadNumbersAsync<short>(group, field, cancellationToken),
            TypeCode.UInt16 => await ReadNumbersAsync<ushort>(group, field, cancellationToken),
            TypeCode.SByte => await ReadNumbersAsync<sbyte>(group, field, cancellationToken),
            TypeCode.Byte => await ReadNumbersAsync<byte>(group, field, cancellationToken),
            TypeCode.Double => await ReadNumbersAsync<double>(group, field, cancellationToken),
            TypeCode.Single => await ReadNumbersAsync<float>(group, field, cancellationToken),
            TypeCode.Decimal => await ReadNumbersAsync<decimal>(group, field, cancellationToken),
            _ => await ReadNumbersAsync<bool>(group, field, cancellationToken),
        };
    }

    private static bool IsText(DataField field) => field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>);

    // Some programs write text without saying that it is text, or as an enumeration. Bytes of a fixed length are numbers or keys.
    private static bool IsBytes(DataField field) =>
        (field.ClrType == typeof(byte[]) || field.ClrType == typeof(ReadOnlyMemory<byte>)) &&
        field.SchemaElement is null or { Type: Parquet.Meta.Type.BYTE_ARRAY };

    private static bool IsNumber(TypeCode type) => type is TypeCode.Boolean or (>= TypeCode.SByte and <= TypeCode.Decimal);

    private static string Describe(DataField field) => field.SchemaElement is { } element
        ? $"{element.Type}{(element.ConvertedType is { } converted ? $" ({converted})" : "")}"
        : field.ClrType.Name;

    private static FieldValue FromBytes(byte[]? bytes) => bytes switch
    {
        null => FieldValue.Missing,
        _ when Utf8.IsValid(bytes) => new FieldValue(System.Text.Encoding.UTF8.GetString(bytes)),
        _ => FieldValue.Unusable("is not UTF-8 text"),
    };

    private static async Task<FieldValue[]> ReadNumbersAsync<T>(ParquetRowGroupReader group, DataField field, CancellationToken cancellationToken)
        where T : struct
    {
        if (field.IsNullable)
        {
            var numbers = new T?[group.RowCount];
            await group.ReadAsync(field, numbers.AsMemory(), cancellationToken: cancellationToken);
            return [.. numbers.Select(number => number is { } value ? FromNumber(value) : FieldValue.Missing)];
        }

        var present = new T[group.RowCount];
        await group.ReadAsync(field, present.AsMemory(), cancellationToken: cancellationToken);
        return [.. present.Select(FromNumber)];
    }

    private static FieldValue FromNumber<T>(T number)
        where T : struct => number switch
        {
            bool truth => new FieldValue(truth ? "true" : "false"),
            float single => FromDouble(single, single.ToString(CultureInfo.InvariantCulture)),
            double value => FromDouble(value, value.ToString(CultureInfo.InvariantCulture)),
            _ => new FieldValue(Convert.ToString(number, CultureInfo.InvariantCulture), IsNumber: true),
        };

    // Not a number is how programs write a gap among floating-point numbers.
    private static FieldValue FromDouble(double value, string text) => value switch
    {
        _ when double.IsNaN(value) => FieldValue.Missing,
        _ when double.IsInfinity(value) => FieldValue.Unusable("is infinite"),
        _ when double.IsInteger(value) && Math.Abs(value) <= MaxWhole => new FieldValue(((long)value).ToString(CultureInfo.InvariantCulture)),
        _ => new FieldValue(text),
    };
}
