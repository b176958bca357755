using System.IO.Compression;
using Serverless.Training;

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
            foreach (var document in CsvRows.ReadColumn(file.FullName, DatasetFormat.TextColumn))
            {
                yield return document;
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
