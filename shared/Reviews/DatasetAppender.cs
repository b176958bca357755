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
            return new DatasetAppender(".csv", $"{string.Join(',', columns)}\n", CsvRow(columns));
        }

        var format = DatasetFormat.GetFileType(fileName) == DatasetFileType.Csv ? CsvRow(ReadColumns(dataset)) : JsonRow;
        return new DatasetAppender(Path.GetExtension(fileName).ToLowerInvariant(), EndsWithNewLine(dataset) ? "" : "\n", format);
    }

    public string FormatRow(LabelledText reviewed) => format(reviewed) + "\n";

    private static Func<LabelledText, string> CsvRow(IReadOnlyList<string> columns)
    {
        var text = DatasetFormat.TextColumns.FirstOrDefault(columns.Contains);
        var label = DatasetFormat.LabelColumns.FirstOrDefault(columns.Contains);
        if (text is null || label is null)
        {
            throw new UserException($"Line 1 of the data set must name the columns 'text' and 'label'; it reads '{string.Join(',', columns)}'.");
        }

        return reviewed => string.Join(',', columns.Select(column => CsvField(column, text, label, reviewed)));
    }

    private static string CsvField(string column, string textColumn, string labelColumn, LabelledText reviewed)
    {
        if (column == textColumn)
        {
            return Quote(reviewed.Text);
        }

        return column == labelColumn ? Quote(reviewed.Label) : "";
    }

    private static string JsonRow(LabelledText reviewed) =>
        JsonSerializer.Serialize(new { text = reviewed.Text, label = reviewed.Label }, StorageJson.Options);

    private static string Quote(string field) => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static IReadOnlyList<string> ReadColumns(Stream dataset)
    {
        dataset.Position = 0;
        var fields = DatasetFormat.ReadCsvHeader(dataset);
        return DatasetFormat.IsAgNewsRow(fields) ? DatasetFormat.AgNewsColumns : [.. fields.Select(DatasetFormat.ToColumnName)];
    }

    private static bool EndsWithNewLine(Stream dataset)
    {
        dataset.Position = dataset.Length - 1;
        return dataset.ReadByte() == '\n';
    }
}
