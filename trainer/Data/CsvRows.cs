using CsvHelper;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>
/// Reads comma separated rows (RFC 4180) whose first line names the columns, or AG News' own files, which name none: class
/// index, title, description.
/// </summary>
internal static class CsvRows
{
    /// <returns>The names of the columns, in lower case.</returns>
    public static IReadOnlyList<string> Read(string file, byte[] bytes, RowFields fields, List<DataSetRow> rows, List<BadRow> badRows)
    {
        string? fault = null;
        var columns = ReadColumns(file, bytes, fields, out var isNamed);
        using var reader = CsvReader.Create(bytes, new CsvReaderOptions
        {
            Separator = ',',
            HasHeader = isNamed,
            TrackLineNumbers = true,
            // A quotation mark inside an unquoted field is plain text and harms nothing; the other faults lose text.
            OnMalformedRecord = record => fault = record.Reason == CsvMalformedReason.StrayQuote ? null : Describe(record.Reason),
        });

        while (reader.Read())
        {
            var line = (int)reader.LineNumber;
            if (fault is not null)
            {
                badRows.Add(new BadRow(line, fault));
                fault = null;
            }
            else if (reader.FieldCount != columns.Count)
            {
                badRows.Add(new BadRow(
                    line, $"{reader.FieldCount} columns where the first line {(isNamed ? "names" : "has")} {columns.Count}; quote a field that holds a comma"));
            }
            else
            {
                fields.Add(line, name => columns.IndexOf(name) is >= 0 and var index ? reader.GetString(index) : null, rows, badRows);
            }
        }

        return columns;
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
            throw new DataSetRefusedException(file, $"Line 1 must name the columns {fields.Expected}; it reads '{Truncate(string.Join(',', reader.Headers))}'.");
        }

        return names.GroupBy(name => name).FirstOrDefault(name => name.Count() > 1) is { } twice
            ? throw new DataSetRefusedException(file, $"Line 1 names the column '{twice.Key}' twice.")
            : names;
    }

    private static string Truncate(string line) => line.Length <= 200 ? line : $"{line[..200]}…";

    private static string Describe(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.UnterminatedQuote => "a quotation mark is never closed",
        CsvMalformedReason.TextAfterClosingQuote => "text follows a closing quotation mark; double the marks inside a quoted field",
        _ => $"not RFC 4180 ({reason})",
    };
}
