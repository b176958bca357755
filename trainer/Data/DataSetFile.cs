using System.Text.Unicode;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>The rows of one CSV, JSONL or Parquet file, the usable and the bad ones, in the order of the file.</summary>
internal sealed record DataSetFile(string Name, IReadOnlyList<DataSetRow> Rows, IReadOnlyList<BadRow> BadRows)
{
    // A few bad rows are left out and told; more than this share means that the file is not what its author thinks.
    private const double MaxBadShare = 0.1;

    /// <param name="name">What to call the file in messages (the blob name of a downloaded one).</param>
    /// <param name="fields">Which columns to read; null for the usual ones.</param>
    /// <param name="labelNames">The names behind integer labels; null for those in the file, if any.</param>
    /// <exception cref="DataSetRefusedException">Unknown format, broken encoding, no usable rows, or too many bad ones.</exception>
    public static DataSetFile Read(string path, string? name = null, RowFields? fields = null, LabelNames? labelNames = null)
    {
        name ??= Path.GetFileName(path);
        fields ??= RowFields.Default;
        var bytes = File.ReadAllBytes(path);
        var rows = new List<DataSetRow>();
        var badRows = new List<BadRow>();
        var countsFromOne = false;
        switch (DatasetFormat.GetFileType(name))
        {
            case ".csv":
                ThrowIfBrokenEncoding(name, bytes);
                countsFromOne = fields.LabelColumn([.. CsvRows.Read(name, bytes, fields, rows, badRows)]) == RowFields.ClassIndex;
                break;
            case ".jsonl" or ".ndjson":
                ThrowIfBrokenEncoding(name, bytes);
                JsonLinesRows.Read(bytes, fields, rows, badRows);
                break;
            case DatasetFileType.Parquet:
                var ownNames = ParquetRows.Read(name, bytes, fields, rows, badRows);
                labelNames ??= ownNames;
                break;
            default:
                throw new DataSetRefusedException(
                    name, $"The extension '{Path.GetExtension(name)}' is not known; data sets are {string.Join(", ", DatasetFormat.Extensions)} files.");
        }

        labelNames?.Apply(name, countsFromOne, rows, badRows);
        ThrowIfTooFewUsable(name, fields, rows, badRows);
        return new DataSetFile(name, rows, badRows);
    }

    private static void ThrowIfTooFewUsable(string name, RowFields fields, List<DataSetRow> rows, List<BadRow> badRows)
    {
        if (rows.Count == 0)
        {
            throw new DataSetRefusedException(name, $"No usable rows; each row needs {fields.Expected}.", badRows);
        }

        if (badRows.Count > MaxBadShare * (rows.Count + badRows.Count))
        {
            throw new DataSetRefusedException(name, $"{badRows.Count} of {rows.Count + badRows.Count} rows cannot be used.", badRows);
        }
    }

    private static void ThrowIfBrokenEncoding(string name, byte[] bytes)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw new DataSetRefusedException(name, "The file is UTF-16; save it as UTF-8.");
        }

        var badRows = new List<BadRow>();
        var line = 0;
        foreach (var range in bytes.AsSpan().Split((byte)'\n'))
        {
            line++;
            var span = bytes.AsSpan(range);
            if (!Utf8.IsValid(span) || span.Contains((byte)0))
            {
                badRows.Add(new BadRow(line, "not UTF-8 text"));
            }
        }

        if (badRows.Count > 0)
        {
            throw new DataSetRefusedException(name, "The encoding is broken; save the file as UTF-8.", badRows);
        }
    }
}
