using System.IO.Compression;
using CsvHelper;
using Serverless.Text;

namespace Serverless.Trainer.Pretraining;

/// <summary>Plain text to pretrain on, and its token sequences.</summary>
internal static class Corpus
{
    /// <summary>
    /// Documents of the files, in order: each line of <c>.txt</c> and <c>.txt.gz</c>, each <c>text</c> column of
    /// <c>.csv</c>. Nothing else of a CSV is read: no label reaches the base.
    /// </summary>
    public static IEnumerable<string> Read(IEnumerable<string> paths) =>
        paths.SelectMany(ReadFile).Select(document => document.Trim()).Where(document => document.Length > 0);

    /// <summary>
    /// Token sequences of at most <paramref name="length"/>: each begins with begin-of-text and ends with end-of-text
    /// where its document does; what is longer continues in the next sequence.
    /// </summary>
    public static List<int[]> Tokenize(IEnumerable<string> documents, LlamaTokenizer tokenizer, int length)
    {
        var begin = tokenizer.BeginOfText ?? throw new InvalidDataException("Pretraining needs a tokenizer with a begin-of-text token.");
        var end = begin + 1;
        var sequences = new List<int[]>();
        foreach (var document in documents)
        {
            int[] ids = [.. tokenizer.Encode(document, int.MaxValue / 128).Ids[1..], end];
            for (var start = 0; start < ids.Length; start += length - 1)
            {
                var part = ids.AsSpan(start, Math.Min(length - 1, ids.Length - start));
                if (part.Length > 1)
                {
                    sequences.Add([begin, .. part]);
                }
            }
        }

        return sequences;
    }

    private static IEnumerable<string> ReadFile(string path)
    {
        if (path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase))
        {
            using var csv = CsvReader.Create(File.ReadAllBytes(path), new CsvReaderOptions { Separator = ',' });
            while (csv.Read())
            {
                yield return csv.TryGetFieldIndex("text", out var column)
                    ? csv.GetString(column)
                    : throw new InvalidDataException($"{path}: line 1 names no column \"text\".");
            }

            yield break;
        }

        using var file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
