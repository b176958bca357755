using System.Text.Json;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Reviews;

/// <summary>Formats rows to append to a data set, in its file format and with its columns.</summary>
internal sealed class DatasetAppender
{
    private readonly Func<LabelledText, string> format;

    private DatasetAppender(string extension, string prefix, Func<LabelledText, string> format)
    {
        Extension = extension;
        Prefix = prefix;
        this.format = format;
    }

    /// <summary>The extension of the data set's name, with the dot.</summary>
    public string Extension { get; }

    /// <summary>The text to write before the first row.</summary>
    public string Prefix { get; }

    /// <summary>Whether rows can be appended to a file of this name. Not to a Parquet file, which ends with a footer.</summary>
    public static bool CanAppend(string fileName) => DatasetFormat.GetFileType(fileName) is DatasetFileType.Csv or DatasetFileType.JsonLines;

    /// <summary>Reads which format and columns a data set has.</summary>
    /// <param name="dataset">Its content; positioned at the end afterwards. An empty one becomes a CSV file with a header.</param>
    /// <param name="fileName">Its name; only the extension matters.</param>
    /// <exception cref="UserException">A CSV file whose header names no text or no label, and which is not one of AG News' own files.</exception>
    public static DatasetAppender Open(Stream dataset, string fileName)
    {
        if (dataset.Length == 0)
        {
            string[] columns = [DatasetFormat.TextColumn, DatasetFormat.LabelColumn];
            return new DatasetAppender(".csv", $"{string.Join(',', columns)}\n", CsvRow(columns, ','));
        }

        var extension = Path.GetExtension(fileName).ToLowerInvariant();
        if (DatasetFormat.GetFileType(fileName) != DatasetFileType.Csv)
        {
            return new DatasetAppender(extension, NewLine(dataset), JsonRow);
        }

        dataset.Position = 0;
        var header = CsvHeader.Read(dataset);
        var names = DatasetFormat.IsAgNewsRow(header.Fields) ? DatasetFormat.AgNewsColumns : header.Names;
        dataset.Position = 0;

        // A last field whose quotation mark is never closed is a bad row of the data set. Without its end it would swallow what follows.
        var close = CsvHeader.EndsInsideQuotes(dataset, header.Separator) ? "\"" : "";
        return new DatasetAppender(extension, close + (close.Length > 0 ? "\n" : NewLine(dataset)), CsvRow(names, header.Separator));
    }

    public string FormatRow(LabelledText reviewed) => format(reviewed) + "\n";

    private static Func<LabelledText, string> CsvRow(IReadOnlyList<string> names, char separator)
    {
        var columns = DatasetColumns.Find(names);
        if (!columns.AreUsable)
        {
            throw new UserException($"Line 1 of the data set must name the columns 'text' and 'label'; it reads '{string.Join(separator, names)}'.");
        }

        // The text of a review begins with its title. A title column stays empty, so that the title is not read twice.
        var text = columns.Text ?? columns.Title;
        return reviewed => string.Join(separator, names.Select((_, index) => CsvField(index, text, columns.Label, reviewed)));
    }

    private static string CsvField(int index, int? text, int? label, LabelledText reviewed)
    {
        if (index == text)
        {
            return Quote(reviewed.Text);
        }

        return index == label ? Quote(reviewed.Label) : "";
    }

    private static string JsonRow(LabelledText reviewed) =>
        JsonSerializer.Serialize(new { text = reviewed.Text, label = reviewed.Label }, StorageJson.Options);

    private static string Quote(string field) => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string NewLine(Stream dataset)
    {
        dataset.Position = dataset.Length - 1;
        return dataset.ReadByte() == '\n' ? "" : "\n";
    }
}
