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
        var columns = ReadColumns(file, bytes, fields, out var isNamed);
        return ReadResult.FromRows(ReadRows(bytes, fields, columns, isNamed)) with
        {
            LabelsStartAtOne = fields.FindLabelColumn(columns) == DatasetFormat.ClassIndexColumn,
        };
    }

    private static IEnumerable<ParsedRow> ReadRows(byte[] bytes, RowFields fields, List<string> columns, bool isNamed)
    {
        string? error = null;
        using var reader = CsvReader.Create(bytes, new CsvReaderOptions
        {
            Separator = ',',
            HasHeader = isNamed,
            TrackLineNumbers = true,
            // A quotation mark inside an unquoted field is plain text and does no harm; the other errors lose text.
            OnMalformedRecord = record => error = record.Reason == CsvMalformedReason.StrayQuote ? null : Describe(record.Reason),
        });

        while (reader.Read())
        {
            var line = (int)reader.LineNumber;
            if (error is not null)
            {
                yield return ParsedRow.Rejected(RowPlace.Line(line), error);
                error = null;
            }
            else if (reader.FieldCount != columns.Count)
            {
                yield return ParsedRow.Rejected(
                    RowPlace.Line(line),
                    $"{reader.FieldCount} columns where the first line {(isNamed ? "names" : "has")} {columns.Count}; quote a field that contains a comma");
            }
            else
            {
                yield return fields.Parse(RowPlace.Line(line), name => columns.IndexOf(name) is >= 0 and var index ? reader.GetString(index) : null);
            }
        }
    }

    private static List<string> ReadColumns(string file, byte[] bytes, RowFields fields, out bool isNamed)
    {
        var header = DatasetFormat.ReadCsvHeader(new MemoryStream(bytes));
        var names = header.Select(DatasetFormat.ToColumnName).ToList();
        isNamed = fields.AreUsable(names);
        if (!isNamed && DatasetFormat.IsAgNewsRow(names) && fields.AreUsable(DatasetFormat.AgNewsColumns))
        {
            return [.. DatasetFormat.AgNewsColumns];
        }

        if (!isNamed)
        {
            var found = Truncate(string.Join(',', header));
            throw new DataSetRefusedException(file, $"Line 1 must name the columns {fields.Expected}; it is '{found}'.");
        }

        if (names.GroupBy(name => name).FirstOrDefault(name => name.Count() > 1) is { } twice)
        {
            throw new DataSetRefusedException(file, $"Line 1 names the column '{twice.Key}' twice.");
        }

        return names;
    }

    private static string Truncate(string line) => line.Length <= 200 ? line : $"{line[..200]}…";

    private static string Describe(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.UnterminatedQuote => "a quotation mark is never closed",
        CsvMalformedReason.TextAfterClosingQuote => "text follows a closing quotation mark; double the marks inside a quoted field",
        _ => $"not RFC 4180 ({reason})",
    };
}
