using System.Text.Unicode;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>The usable and the bad rows of one CSV, JSONL or Parquet file, in the order of the file.</summary>
internal sealed record DataSetFile(string Name, IReadOnlyList<DataSetRow> Rows, IReadOnlyList<BadRow> BadRows)
{
    // A few bad rows are excluded and reported. With more than this share the file is probably not what its author intended.
    private const double MaxBadShare = 0.1;

    /// <param name="name">The name of the file in messages, for example the blob name of a downloaded file.</param>
    /// <param name="fields">The columns to read; null for the default names.</param>
    /// <param name="labelNames">The names of integer labels; null for those in the file, if any.</param>
    /// <exception cref="DataSetRefusedException">Unknown format, broken encoding, no usable rows, or too many bad ones.</exception>
    public static async Task<DataSetFile> ReadAsync(
        string path, string? name = null, RowFields? fields = null, LabelNames? labelNames = null, CancellationToken cancellationToken = default)
    {
        name ??= Path.GetFileName(path);
        fields ??= RowFields.Default;
        var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        ReadResult read;
        switch (DatasetFormat.GetFileType(name))
        {
            case DatasetFileType.Csv:
                ThrowIfBrokenEncoding(name, bytes);
                read = CsvRows.Read(name, bytes, fields);
                break;
            case DatasetFileType.JsonLines:
                ThrowIfBrokenEncoding(name, bytes);
                read = JsonLinesRows.Read(bytes, fields);
                break;
            case DatasetFileType.Parquet:
                read = await ParquetRows.ReadAsync(name, bytes, fields, cancellationToken);
                break;
            default:
                throw new DataSetRefusedException(
                    name, $"The extension '{Path.GetExtension(name)}' is not known; data sets are {string.Join(", ", DatasetFormat.Extensions)} files.");
        }

        if ((labelNames ?? read.LabelNames) is { } names)
        {
            read = names.Apply(name, read);
        }

        ThrowIfTooFewUsable(name, fields, read.Rows, read.BadRows);
        return new DataSetFile(name, read.Rows, read.BadRows);
    }

    private static void ThrowIfTooFewUsable(string name, RowFields fields, IReadOnlyList<DataSetRow> rows, IReadOnlyList<BadRow> badRows)
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
                badRows.Add(new BadRow(RowPlace.Line(line), "not UTF-8 text"));
            }
        }

        if (badRows.Count > 0)
        {
            throw new DataSetRefusedException(name, "The encoding is broken; save the file as UTF-8.", badRows);
        }
    }
}
