using System.IO.Compression;
using CsvHelper;

namespace Serverless.Trainer.Data;

/// <summary>Documents without labels, as they are read for pretraining and to look for overlaps.</summary>
internal static class TextFiles
{
    /// <summary>
    /// Documents of the files, in order: each line of <c>.txt</c> and <c>.txt.gz</c>, each <c>text</c> column of
    /// <c>.csv</c>. Nothing else of a CSV is read: no label reaches a base.
    /// </summary>
    public static IEnumerable<string> Read(params IEnumerable<FileInfo> files) =>
        files.SelectMany(Read).Select(document => document.Trim()).Where(document => document.Length > 0);

    private static IEnumerable<string> Read(FileInfo file)
    {
        if (file.Name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase))
        {
            using var csv = CsvReader.Create(File.ReadAllBytes(file.FullName), new CsvReaderOptions { Separator = ',' });
            while (csv.Read())
            {
                yield return csv.TryGetFieldIndex("text", out var column)
                    ? csv.GetString(column)
                    : throw new InvalidDataException($"{file.FullName}: line 1 names no column \"text\".");
            }

            yield break;
        }

        using var bytes = file.OpenRead();
        using Stream text = file.Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(bytes, CompressionMode.Decompress) : bytes;
        using var reader = new StreamReader(text);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
