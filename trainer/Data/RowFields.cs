using static Serverless.Training.DatasetFormat;

namespace Serverless.Trainer.Data;

/// <summary>
/// The columns of a data set in any format: <c>text</c> (or <c>title</c> and <c>description</c>, as in AG News), <c>label</c> (or
/// <c>class index</c>) and, optionally, <c>split</c>.
/// </summary>
/// <param name="Text">The text column; null for the default names.</param>
/// <param name="Label">The label column; null for the default names.</param>
internal sealed record RowFields(string? Text = null, string? Label = null)
{
    /// <summary>1 MB, the limit of an article. A longer text is more often an unclosed quotation mark.</summary>
    private const int MaxTextLength = 1024 * 1024;

    public static RowFields Default { get; } = new();

    /// <summary>The required columns, for error messages.</summary>
    public string Expected => $"{(Text is null ? "'text' (or 'title' and 'description')" : $"'{Text}'")} and '{Label ?? "label"}'";

    /// <param name="names">The column names, in lower case.</param>
    public bool AreUsable(IReadOnlyCollection<string> names) =>
        (Text is null ? TextColumns.Any(names.Contains) : names.Contains(Text)) &&
        (Label is null ? LabelColumns.Any(names.Contains) : names.Contains(Label));

    /// <summary>Whether the column is read.</summary>
    public bool Uses(string name) => name == SplitColumn || IsText(name) || IsLabel(name);

    /// <summary>The name of the label column among these; null if there is none.</summary>
    public string? FindLabelColumn(IReadOnlyCollection<string> names) => Label ?? LabelColumns.FirstOrDefault(names.Contains);

    /// <summary>Parses one row.</summary>
    /// <param name="field">Returns the value of a column by its lower-case name; null if there is none.</param>
    public ParsedRow Parse(RowPlace place, Func<string, string?> field)
    {
        var text = ((Text is null ? field(TextColumn) ?? $"{field(TitleColumn)} {field(DescriptionColumn)}" : field(Text)) ?? "").Trim();
        var label = ((Label is null ? field(LabelColumn) ?? field(ClassIndexColumn) : field(Label)) ?? "").Trim();
        var split = (field(SplitColumn) ?? "").Trim();
        var part = ParsePart(split);

        if (text.Length == 0)
        {
            return ParsedRow.Rejected(place, "the text is empty");
        }

        if (text.Length > MaxTextLength)
        {
            return ParsedRow.Rejected(place, $"the text has more than {MaxTextLength:N0} characters; is a quotation mark not closed?");
        }

        if (label.Length == 0)
        {
            return ParsedRow.Rejected(place, "the label is empty");
        }

        if (split.Length > 0 && part is null)
        {
            return ParsedRow.Rejected(place, $"the split is '{split}', not train, held-out or test");
        }

        return ParsedRow.Usable(new DataSetRow(place, text, label, part));
    }

    /// <summary>Parses the name of a part, including the names that the Hugging Face Hub uses; null for any other word.</summary>
    public static DataPart? ParsePart(string word) => word.ToLowerInvariant().Replace('_', '-') switch
    {
        "train" or "training" => DataPart.Train,
        "held-out" or "heldout" or "validation" or "valid" or "val" or "dev" => DataPart.HeldOut,
        "test" => DataPart.Test,
        _ => null,
    };

    private bool IsText(string name) => Text is null ? TextColumns.Contains(name) : name == Text;

    private bool IsLabel(string name) => Label is null ? LabelColumns.Contains(name) : name == Label;
}
