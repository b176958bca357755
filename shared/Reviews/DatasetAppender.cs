using System.Globalization;
using System.Text;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>Rows that are added to a data set, in the format and with the columns that it has already.</summary>
internal sealed class DatasetAppender
{
    // In the order in which the trainer prefers them: AG News calls them 'description' and 'class index'.
    private static readonly string[] TextColumns = ["text", "description", "title"];
    private static readonly string[] LabelColumns = ["label", "class index"];

    // AG News' own files name no columns; as for the trainer, an integer in the first field tells.
    private static readonly string[] AgNews = ["class index", "title", "description"];

    private readonly Func<LabelledText, string> write;

    private DatasetAppender(string extension, string start, Func<LabelledText, string> write) => (Extension, Start, this.write) = (extension, start, write);

    /// <summary>Of the data set's name, with its dot.</summary>
    public string Extension { get; }

    /// <summary>What stands before the first row.</summary>
    public string Start { get; }

    public string Line(LabelledText reviewed) => write(reviewed) + "\n";

    /// <summary>Whether rows can be added at the end of such a data set: a Parquet file is closed.</summary>
    public static bool CanFollow(string extension) => extension.ToLowerInvariant() is ".csv" or ".jsonl" or ".ndjson";

    /// <summary>Rows to follow a data set.</summary>
    /// <param name="dataset">Its content; left at the end. An empty one gets a first line with the names of the columns.</param>
    /// <param name="extension">Of its name: CSV, or one JSON object a line.</param>
    /// <exception cref="InvalidDataException">A CSV file whose first line names no text or label, and which is not in the form of AG News' own.</exception>
    public static DatasetAppender After(Stream dataset, string extension)
    {
        if (dataset.Length == 0)
        {
            return new DatasetAppender(".csv", "text,label\n", Csv(["text", "label"]));
        }

        var write = extension.Equals(".csv", StringComparison.OrdinalIgnoreCase) ? Csv(Columns(dataset)) : Json;
        return new DatasetAppender(extension.ToLowerInvariant(), EndsWithNewLine(dataset) ? "" : "\n", write);
    }

    private static Func<LabelledText, string> Csv(string[] columns)
    {
        var text = TextColumns.FirstOrDefault(columns.Contains);
        var label = LabelColumns.FirstOrDefault(columns.Contains);
        return text is null || label is null
            ? throw new InvalidDataException($"Line 1 of the data set names no text and label: '{string.Join(',', columns)}'.")
            : reviewed => string.Join(',', columns.Select(column => column == text ? Quoted(reviewed.Text) : column == label ? Quoted(reviewed.Label) : ""));
    }

    private static string Json(LabelledText reviewed) => JsonSerializer.Serialize(new { text = reviewed.Text, label = reviewed.Label }, StorageJson.Options);

    private static string Quoted(string field) => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string[] Columns(Stream dataset)
    {
        dataset.Position = 0;
        using var reader = new StreamReader(dataset, Encoding.UTF8, leaveOpen: true);
        string[] columns = [.. (reader.ReadLine() ?? "").Split(',').Select(column => column.Trim().Trim('"').Trim().ToLowerInvariant())];
        return columns.Length >= AgNews.Length && int.TryParse(columns[0], NumberStyles.None, CultureInfo.InvariantCulture, out _) ? AgNews : columns;
    }

    private static bool EndsWithNewLine(Stream dataset)
    {
        dataset.Position = dataset.Length - 1;
        return dataset.ReadByte() == '\n';
    }
}

/// <summary>A text as it is trained on, title included, and the label that a person gave it.</summary>
public sealed record LabelledText(string Text, string Label);
