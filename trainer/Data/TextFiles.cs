using System.IO.Compression;
using CsvHelper;

namespace Serverless.Trainer.Data;

/// <summary>Reads unlabelled documents for pretraining and overlap checks.</summary>
internal static class TextFiles
{
    /// <summary>
    /// Reads the documents of the files in order: each line of <c>.txt</c> and <c>.txt.gz</c> files, the <c>text</c> column of
    /// <c>.csv</c> files. Labels are not read, so that a base model never learns them.
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
                    : throw new UserException($"{file.FullName}: line 1 names no column \"text\".");
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
