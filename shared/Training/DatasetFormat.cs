using System.Globalization;

namespace Serverless.Training;

/// <summary>The format of data sets: file name extensions and column names.</summary>
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

    private static readonly string[] HiddenPrefixes = [".", "__", "~$"];

    private static readonly Dictionary<string, DatasetFileType> FileTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".csv"] = DatasetFileType.Csv,
        [".jsonl"] = DatasetFileType.JsonLines,
        [".ndjson"] = DatasetFileType.JsonLines,
        [".parquet"] = DatasetFileType.Parquet,
    };

    /// <summary>The file name extensions of data sets, with the dot.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [.. FileTypes.Keys];

    /// <summary>The columns that hold the text, by preference. A title is joined with it.</summary>
    public static IReadOnlyList<string> TextColumns { get; } = [TextColumn, DescriptionColumn];

    /// <summary>The columns that hold the label, by preference.</summary>
    public static IReadOnlyList<string> LabelColumns { get; } = [LabelColumn, ClassIndexColumn];

    /// <summary>The columns of AG News' own CSV files, which have no header.</summary>
    public static IReadOnlyList<string> AgNewsColumns { get; } = [ClassIndexColumn, TitleColumn, DescriptionColumn];

    /// <summary>The type of a file by the extension of its name; null for any other file.</summary>
    public static DatasetFileType? GetFileType(string fileName) =>
        FileTypes.TryGetValue(Path.GetExtension(fileName), out var type) ? type : null;

    /// <summary>Whether the first row of a CSV file is a row of AG News' own files: three fields, the first one an integer.</summary>
    public static bool IsAgNewsRow(IReadOnlyList<string> fields) =>
        fields.Count == AgNewsColumns.Count && int.TryParse(fields[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Whether a file, or a folder that it is in, is one that programs put beside data: a copy, a lock or metadata.</summary>
    /// <param name="path">A path inside a data set's folder, or the part of a blob's name after the classifier.</param>
    /// <remarks>Such as <c>.ipynb_checkpoints/train-checkpoint.csv</c>, <c>__MACOSX/._train.csv</c> and <c>~$train.csv</c>.</remarks>
    public static bool IsHidden(string path) =>
        path.Split('/', '\\').Any(name => HiddenPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>Describes a file name whose extension is not that of a data set.</summary>
    public static string DescribeUnknownExtension(string fileName)
    {
        var extension = Path.GetExtension(fileName);
        var sentence = $"The extension '{extension}' is not known; data sets are {string.Join(", ", Extensions)} files.";
        return extension.Equals(".json", StringComparison.OrdinalIgnoreCase)
            ? $"{sentence} A JSON array of objects is read if the file's name ends in .jsonl."
            : sentence;
    }
}
