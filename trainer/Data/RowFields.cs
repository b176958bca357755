using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>
/// The columns of a data set in any format: <c>text</c> (or <c>description</c>, as in AG News), before it an optional <c>title</c>,
/// <c>label</c> (or <c>class index</c>) and, optionally, <c>split</c>. Their case does not matter.
/// </summary>
/// <param name="Text">The text column; null for the default names.</param>
/// <param name="Label">The label column; null for the default names.</param>
/// <param name="NeedsLabel">Whether a file without a label column is refused; the rows of a test file may all have none.</param>
internal sealed record RowFields(string? Text = null, string? Label = null, bool NeedsLabel = true)
{
    /// <summary>1 MB, the limit of an article. A longer text is more often an unclosed quotation mark.</summary>
    private const int MaxTextLength = 1024 * 1024;

    public static RowFields Default { get; } = new();

    /// <summary>The required columns, for error messages.</summary>
    public string Expected =>
        $"{(Text is null ? "'text' (or 'title' and 'description')" : $"'{Text}'")} and '{Label ?? DatasetFormat.LabelColumn}'";

    public DatasetColumns Find(IReadOnlyList<string> names) => DatasetColumns.Find(names, Text, Label);

    public bool AreUsable(DatasetColumns columns) =>
        columns.AreUsable || (!NeedsLabel && columns is { Error: null, Label: null } && (columns.Text ?? columns.Title) is not null);

    /// <summary>Describes columns that are not usable, for a person: "it has 'a', 'b'".</summary>
    public string DescribeMissing(DatasetColumns columns, IReadOnlyList<string> names) => columns.Error is { } error
        ? $"It names {error}; rename one of them, or name a column exactly with --text-column and --label-column."
        : $"It must have the columns {Expected}; it has {Join(names)}. --text-column and --label-column name others.";

    /// <summary>A note if a title is joined with a column that is not AG News' description; null otherwise.</summary>
    public static string? DescribeTitle(DatasetColumns columns, IReadOnlyList<string> names)
    {
        if (columns is not { Title: { } title, Text: { } text })
        {
            return null;
        }

        var (titleName, textName) = (ColumnNames.Trim(names[title]), ColumnNames.Trim(names[text]));
        return textName.Equals(DatasetFormat.DescriptionColumn, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"The column '{titleName}' is put before '{textName}', as the title of an article is when it is classified.";
    }

    /// <summary>Parses one row. A row without a label has an empty one.</summary>
    /// <param name="read">Returns the value of a column by its index.</param>
    public static ParsedRow Parse(RowPlace place, DatasetColumns columns, Func<int, FieldValue> read)
    {
        FieldValue Read(int? column) => column is { } index ? read(index) : FieldValue.Missing;
        var (text, title, label, splitName) = (Read(columns.Text), Read(columns.Title), Read(columns.Label), Read(columns.Split));
        var problem = Describe("text", text) ?? Describe("title", title) ?? Describe("label", label) ?? Describe("split", splitName);
        if (problem is not null)
        {
            return ParsedRow.Rejected(place, problem);
        }

        var joined = ArticleText.WithTitle(title.Text, text.Text ?? "").Trim();
        if (joined.Length == 0)
        {
            return ParsedRow.Rejected(place, "the text is empty");
        }

        if (joined.Length > MaxTextLength)
        {
            return ParsedRow.Rejected(place, $"the text has more than {MaxTextLength:N0} characters; is a quotation mark not closed?");
        }

        var split = (splitName.Text ?? "").Trim();
        var part = ParsePart(split);
        return split.Length > 0 && part is null
            ? ParsedRow.Rejected(place, $"the split is '{split}', not train, held-out or test")
            : ParsedRow.Usable(new DataSetRow(place, joined, LabelText.Normalize(label), part));
    }

    /// <summary>Parses the name of a part, including the names that the Hugging Face Hub uses; null for any other word.</summary>
    public static DataPart? ParsePart(string word) => word.ToLowerInvariant().Replace('_', '-') switch
    {
        "train" or "training" => DataPart.Train,
        "held-out" or "heldout" or "validation" or "valid" or "val" or "dev" => DataPart.HeldOut,
        "test" => DataPart.Test,
        _ => null,
    };

    /// <summary>The first names, in quotation marks.</summary>
    public static string Join(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(20).Select(name => $"'{Shorten(name)}'")) + (names.Count > 20 ? ", …" : "");

    private static string Shorten(string name) => name.Length <= 60 ? name : $"{name[..60]}…";

    private static string? Describe(string name, FieldValue value) => value switch
    {
        { Problem: { } problem } => $"the {name} {problem}",
        { Text: { } text } when text.Contains('\0', StringComparison.Ordinal) => $"the {name} holds a NUL character",
        _ => null,
    };
}
