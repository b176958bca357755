using System.Globalization;
using System.Text;

namespace Serverless.Training;

/// <summary>The format of data sets: file name extensions, column names, and the header of a CSV file.</summary>
public static class DatasetFormat
{
    public const string TextColumn = "text";
    public const string TitleColumn = "title";
    public const string DescriptionColumn = "description";
    public const string LabelColumn = "label";

    /// <summary>The label column of AG News' own files, whose integers count from 1.</summary>
    public const string ClassIndexColumn = "class index";

    /// <summary>Optional: says which rows are for training, held out or for testing.</summary>
    public const string SplitColumn = "split";

    private static readonly Dictionary<string, DatasetFileType> FileTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".csv"] = DatasetFileType.Csv,
        [".jsonl"] = DatasetFileType.JsonLines,
        [".ndjson"] = DatasetFileType.JsonLines,
        [".parquet"] = DatasetFileType.Parquet,
    };

    /// <summary>The file name extensions of data sets, with the dot.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [.. FileTypes.Keys];

    /// <summary>The columns that hold the text, by preference.</summary>
    public static IReadOnlyList<string> TextColumns { get; } = [TextColumn, DescriptionColumn, TitleColumn];

    /// <summary>The columns that hold the label, by preference.</summary>
    public static IReadOnlyList<string> LabelColumns { get; } = [LabelColumn, ClassIndexColumn];

    /// <summary>The columns of AG News' own CSV files, which have no header.</summary>
    public static IReadOnlyList<string> AgNewsColumns { get; } = [ClassIndexColumn, TitleColumn, DescriptionColumn];

    /// <summary>The type of a file by the extension of its name; null for any other file.</summary>
    public static DatasetFileType? GetFileType(string fileName) =>
        FileTypes.TryGetValue(Path.GetExtension(fileName), out var type) ? type : null;

    /// <summary>Whether the first row of a CSV file is a row of AG News' own files: three fields, the first one an integer.</summary>
    public static bool IsAgNewsRow(IReadOnlyList<string> fields) =>
        fields.Count == AgNewsColumns.Count && int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>A field of a CSV header as the name of a column.</summary>
    public static string ToColumnName(string field) => field.Trim().ToLowerInvariant();

    /// <summary>Reads the first row of a CSV file (RFC 4180).</summary>
    /// <returns>The fields without their quotation marks; one empty field for an empty file.</returns>
    public static IReadOnlyList<string> ReadCsvHeader(Stream csv)
    {
        using var reader = new StreamReader(csv, Encoding.UTF8, leaveOpen: true);
        var fields = new List<string>();
        var field = new StringBuilder();
        var isQuoted = false;
        for (var next = reader.Read(); next >= 0 && (isQuoted || next is not '\r' and not '\n'); next = reader.Read())
        {
            switch ((char)next)
            {
                case '"' when isQuoted && reader.Peek() == '"':
                    field.Append((char)reader.Read());
                    break;
                case '"' when isQuoted || field.Length == 0:
                    isQuoted = !isQuoted;
                    break;
                case ',' when !isQuoted:
                    fields.Add(field.ToString());
                    field.Clear();
                    break;
                default:
                    field.Append((char)next);
                    break;
            }
        }

        fields.Add(field.ToString());
        return fields;
    }
}
