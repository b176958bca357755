using CsvHelper;

namespace Serverless.Trainer.Data;

/// <summary>Reads comma separated rows (RFC 4180) whose first line names the columns.</summary>
internal static class CsvRows
{
    public static void Read(string file, byte[] bytes, List<DataSetRow> rows, List<BadRow> badRows)
    {
        string? fault = null;
        using var reader = CsvReader.Create(bytes, new CsvReaderOptions
        {
            Separator = ',',
            TrackLineNumbers = true,
            // A quotation mark inside an unquoted field is plain text and harms nothing; the other faults lose text.
            OnMalformedRecord = record => fault = record.Reason == CsvMalformedReason.StrayQuote ? null : Explain(record.Reason),
        });

        RefuseUnknownColumns(file, reader.Headers);
        while (reader.Read())
        {
            var line = (int)reader.LineNumber;
            if (fault is not null)
            {
                badRows.Add(new BadRow(line, fault));
                fault = null;
            }
            else if (reader.FieldCount != reader.Headers.Count)
            {
                badRows.Add(new BadRow(
                    line, $"{reader.FieldCount} columns where the first line names {reader.Headers.Count}; quote a field that holds a comma"));
            }
            else
            {
                RowFields.Add(line, name => reader.TryGetFieldIndex(name, out var index) ? reader.GetString(index) : null, rows, badRows);
            }
        }
    }

    private static void RefuseUnknownColumns(string file, IReadOnlyList<string> headers)
    {
        var names = headers.Select(header => header.Trim().ToLowerInvariant()).ToArray();
        if (!RowFields.AreUsable(names))
        {
            throw new DataSetRefusedException(
                file, $"Line 1 must name the columns {RowFields.Expected}; it reads '{string.Join(',', headers)}'.");
        }

        if (names.GroupBy(name => name).FirstOrDefault(name => name.Count() > 1) is { } twice)
        {
            throw new DataSetRefusedException(file, $"Line 1 names the column '{twice.Key}' twice.");
        }
    }

    private static string Explain(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.UnterminatedQuote => "a quotation mark is never closed",
        CsvMalformedReason.TextAfterClosingQuote => "text follows a closing quotation mark; double the marks inside a quoted field",
        _ => $"not RFC 4180 ({reason})",
    };
}
