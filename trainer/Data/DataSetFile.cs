using System.Text.Unicode;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>The usable and the bad rows of one CSV, JSONL or Parquet file or of a folder of them, in the order of the files.</summary>
/// <param name="Notes">What else the user should know, one sentence each.</param>
internal sealed record DataSetFile(string Name, IReadOnlyList<DataSetRow> Rows, IReadOnlyList<BadRow> BadRows, IReadOnlyList<string> Notes)
{
    // A few bad rows are excluded and reported. With more than this share the file is probably not what its author intended.
    private const double MaxBadShare = 0.1;

    /// <summary>The notes, after one on the rows that cannot be used.</summary>
    public IReadOnlyList<string> AllNotes =>
        BadRows.Count == 0 ? Notes : [$"{BadRows.Count} bad rows left out: {string.Join("; ", BadRows.Take(5))}.", .. Notes];

    /// <param name="name">The name of the file in messages, for example the blob name of a downloaded file.</param>
    /// <param name="fields">The columns to read; null for the default names.</param>
    /// <param name="labelNames">The names of integer labels; null for those in the file, if any.</param>
    /// <exception cref="DataSetRefusedException">Unknown format, broken encoding, no usable rows, or too many bad ones.</exception>
    public static async Task<DataSetFile> ReadAsync(
        string path, string? name = null, RowFields? fields = null, LabelNames? labelNames = null, CancellationToken cancellationToken = default)
    {
        name ??= Path.GetFileName(path);
        var read = await ReadPartAsync(path, name, part: null, fields ?? RowFields.Default, labelNames, cancellationToken);
        return LabelCleanup.Finish(read, fields ?? RowFields.Default);
    }

    /// <summary>Reads one file of a data set. The labels are not yet compared with those of the other files.</summary>
    /// <param name="part">The part of rows that do not name it.</param>
    public static async Task<DataSetFile> ReadPartAsync(
        string path, string name, DataPart? part, RowFields fields, LabelNames? labelNames, CancellationToken cancellationToken)
    {
        var mayLackLabels = part is DataPart.HeldOut or DataPart.Test;
        var read = await ReadRowsAsync(path, name, fields with { NeedsLabel = !mayLackLabels }, cancellationToken);
        read = read with { Rows = [.. read.Rows.Select(row => row.Part is null ? row with { Part = part } : row)] };
        if ((labelNames ?? read.LabelNames) is { } names)
        {
            read = names.Apply(name, read);
        }

        var (rows, unlabelled, badRows) = LabelCleanup.RemoveUnlabelled(read);
        ThrowIfTooFewUsable(name, fields, rows.Count + unlabelled.Count, badRows);
        var notes = LabelCleanup.DescribeUnlabelled(unlabelled);
        return new DataSetFile(name, rows, badRows, read.Note is { } note ? [note, .. notes] : notes);
    }

    private static async Task<ReadResult> ReadRowsAsync(string path, string name, RowFields fields, CancellationToken cancellationToken)
    {
        switch (DatasetFormat.GetFileType(name))
        {
            case DatasetFileType.Csv:
                return CsvRows.Read(name, await ReadTextAsync(path, name, cancellationToken), fields);
            case DatasetFileType.JsonLines:
                return JsonLinesRows.Read(name, await ReadTextAsync(path, name, cancellationToken), fields);
            case DatasetFileType.Parquet:
                return await ParquetRows.ReadAsync(name, path, fields, cancellationToken);
            default:
                throw new DataSetRefusedException(name, DatasetFormat.DescribeUnknownExtension(name));
        }
    }

    private static async Task<byte[]> ReadTextAsync(string path, string name, CancellationToken cancellationToken)
    {
        if (new FileInfo(path).Length > Array.MaxLength)
        {
            throw new DataSetRefusedException(
                name, $"The file has {new FileInfo(path).Length >> 20:N0} MB; at most 2,047 MB are read from one file: split it.");
        }

        var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        ThrowIfBrokenEncoding(name, bytes);
        return bytes;
    }

    private static void ThrowIfTooFewUsable(string name, RowFields fields, int usable, IReadOnlyList<BadRow> badRows)
    {
        if (usable == 0)
        {
            throw new DataSetRefusedException(name, $"No usable rows; each row needs {fields.Expected}.", badRows);
        }

        if (badRows.Count > MaxBadShare * (usable + badRows.Count))
        {
            throw new DataSetRefusedException(name, $"{badRows.Count} of {usable + badRows.Count} rows cannot be used.", badRows);
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
