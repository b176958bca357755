using CsvHelper;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>
/// Reads comma-separated rows (RFC 4180) whose first line names the columns, and the original AG News files, which have no header:
/// class index, title, description.
/// </summary>
internal static class CsvRows
{
    public static ReadResult Read(string file, byte[] bytes, RowFields fields)
    {
        var header = CsvHeader.Read(new MemoryStream(bytes));
        var names = header.Names;
        var columns = fields.Find(names);
        var isNamed = columns.AreUsable;
        var isAgNews = !isNamed && columns.Error is null && DatasetFormat.IsAgNewsRow(header.Fields);
        if (isAgNews && fields.Find(DatasetFormat.AgNewsColumns) is { AreUsable: true } agNews)
        {
            names = DatasetFormat.AgNewsColumns;
            columns = agNews;
        }
        else if (!isNamed && fields.AreUsable(columns))
        {
            isNamed = true;
        }
        else if (!isNamed)
        {
            throw new DataSetRefusedException(file, DescribeHeader(header, fields, columns));
        }

        return ReadResult.FromRows(ReadRows(bytes, header, names, columns, isNamed)) with
        {
            LabelsStartAtOne = fields.Label is null && columns.Label is { } label && IsClassIndex(names[label]),
            Note = RowFields.DescribeTitle(columns, names),
        };
    }

    /// <summary>Reads the values of one column.</summary>
    /// <exception cref="UserException">The file has no such column, or two.</exception>
    public static IEnumerable<string> ReadColumn(string path, string name)
    {
        var bytes = File.ReadAllBytes(path);
        var header = CsvHeader.Read(new MemoryStream(bytes));
        if (!ColumnNames.TryFind(header.Names, name, out var column, out var error) || column < 0)
        {
            throw new UserException($"{path}: line {header.Line} names {error ?? $"no column \"{name}\""}.");
        }

        using var reader = Open(bytes, header, onMalformed: null);
        reader.Read(); // the header
        while (reader.Read())
        {
            yield return column < reader.FieldCount ? reader.GetString(column) : "";
        }
    }

    private static CsvReader Open(byte[] bytes, CsvHeader header, Action<CsvMalformedReason>? onMalformed) =>
        CsvReader.Create(SkipLines(bytes, header.LinesBefore), new CsvReaderOptions
        {
            Separator = header.Separator,
            HasHeader = false,
            TrackLineNumbers = true,
            OnMalformedRecord = onMalformed is null ? null : record => onMalformed(record.Reason),
        });

    private static bool IsClassIndex(string name) => ColumnNames.Trim(name).Equals(DatasetFormat.ClassIndexColumn, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<ParsedRow> ReadRows(
        byte[] bytes, CsvHeader header, IReadOnlyList<string> names, DatasetColumns columns, bool isNamed)
    {
        string? error = null;
        // A quotation mark inside an unquoted field is plain text and does no harm; the other errors lose text.
        using var reader = Open(bytes, header, reason => error = reason == CsvMalformedReason.StrayQuote ? null : Describe(reason));
        var isHeader = isNamed;
        while (reader.Read())
        {
            var place = RowPlace.Line((int)reader.LineNumber + header.LinesBefore);
            if (!isHeader && error is not null)
            {
                yield return ParsedRow.Rejected(place, error);
            }
            else if (!isHeader && !IsBlank(reader))
            {
                yield return ParseRow(reader, place, names, columns, isNamed);
            }

            isHeader = false;
            error = null;
        }
    }

    // Excel writes a line of commas for a row that was emptied.
    private static bool IsBlank(CsvReader reader) => Enumerable.Range(0, reader.FieldCount).All(index => string.IsNullOrWhiteSpace(reader.GetString(index)));

    private static ParsedRow ParseRow(CsvReader reader, RowPlace place, IReadOnlyList<string> names, DatasetColumns columns, bool isNamed)
    {
        // Cells without a name, which Excel writes at the end of a line, are empty. Text in one is more often the rest of an unquoted field.
        var count = reader.FieldCount;
        while (count > names.Count && string.IsNullOrWhiteSpace(reader.GetString(count - 1)))
        {
            count--;
        }

        return count == names.Count
            ? RowFields.Parse(place, columns, index => new FieldValue(reader.GetString(index)))
            : ParsedRow.Rejected(
                place, $"{count} columns where the first line {(isNamed ? "names" : "has")} {names.Count}; quote a field that contains a comma");
    }

    /// <summary>The content without a byte order mark and so many lines.</summary>
    private static byte[] SkipLines(byte[] bytes, int lines)
    {
        var start = bytes is [0xEF, 0xBB, 0xBF, ..] && lines > 0 ? 3 : 0;
        for (; lines > 0; lines--)
        {
            start += bytes.AsSpan(start).IndexOfAny((byte)'\r', (byte)'\n') + 1;
            if (bytes[start - 1] == '\r' && start < bytes.Length && bytes[start] == '\n')
            {
                start++;
            }
        }

        return start == 0 ? bytes : bytes[start..];
    }

    private static string DescribeHeader(CsvHeader header, RowFields fields, DatasetColumns columns)
    {
        if (columns.Error is { } error)
        {
            return $"Line {header.Line} names {error}; rename one of them, or name a column exactly with --text-column and --label-column.";
        }

        var line = string.Join(header.Separator, header.Fields);
        var isOther = header.Fields.Count == 1 && line.AsSpan().ContainsAny(";\t|");
        var hint = isOther ? " Its fields are separated by commas, or by the character in a first line such as 'sep=;'." : "";
        return $"Line {header.Line} must name the columns {fields.Expected}; it is '{Truncate(line)}'.{hint} --text-column and --label-column name others.";
    }

    private static string Truncate(string line) => line.Length <= 200 ? line : $"{line[..200]}…";

    private static string Describe(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.UnterminatedQuote => "a quotation mark is never closed",
        CsvMalformedReason.TextAfterClosingQuote => "text follows a closing quotation mark; double the marks inside a quoted field",
        _ => $"not RFC 4180 ({reason})",
    };
}
