using static Serverless.Training.DatasetFormat;

namespace Serverless.Trainer.Data;

/// <summary>
/// The columns of a data set, whatever its format: <c>text</c> (or <c>title</c> and <c>description</c>, as AG News has them),
/// <c>label</c> (or <c>class index</c>) and, if the author splits the rows himself, <c>split</c>.
/// </summary>
/// <param name="Text">The column to read as the text; null for the usual names.</param>
/// <param name="Label">The column to read as the label; null for the usual names.</param>
internal sealed record RowFields(string? Text = null, string? Label = null)
{
    /// <summary>The limit of an article, 1 MB: a longer text is an unclosed quotation mark more often than an article.</summary>
    private const int MaxTextLength = 1024 * 1024;

    public static RowFields Default { get; } = new();

    /// <summary>The columns that a row needs, for a person.</summary>
    public string Expected => $"{(Text is null ? "'text' (or 'title' and 'description')" : $"'{Text}'")} and '{Label ?? "label"}'";

    /// <param name="names">Names of columns, in lower case.</param>
    public bool AreUsable(IReadOnlyCollection<string> names) =>
        (Text is null ? TextColumns.Any(names.Contains) : names.Contains(Text)) &&
        (Label is null ? LabelColumns.Any(names.Contains) : names.Contains(Label));

    /// <summary>Whether a column of this name is of use.</summary>
    public bool Uses(string name) => name == "split" || (Text is null ? name is "text" or "title" or "description" : name == Text) || (Label is null ? name is "label" or ClassIndex : name == Label);

    /// <summary>The first column of these that holds the label.</summary>
    public string? FindLabelColumn(IReadOnlyCollection<string> names) => Label ?? LabelColumns.FirstOrDefault(names.Contains);

    /// <summary>Builds the row of <paramref name="place"/>; adds it to one of the two lists.</summary>
    /// <param name="field">Gives the content of a column by its lower-case name; null if there is none.</param>
    public void Add(RowPlace place, Func<string, string?> field, List<DataSetRow> rows, List<BadRow> badRows)
    {
        var text = ((Text is null ? field("text") ?? $"{field("title")} {field("description")}" : field(Text)) ?? "").Trim();
        var label = ((Label is null ? field("label") ?? field(ClassIndex) : field(Label)) ?? "").Trim();
        var split = (field("split") ?? "").Trim();
        var part = ParsePart(split);

        if (text.Length == 0)
        {
            badRows.Add(new BadRow(place, "the text is empty"));
        }
        else if (text.Length > MaxTextLength)
        {
            badRows.Add(new BadRow(place, $"the text has more than {MaxTextLength:N0} characters; is a quotation mark not closed?"));
        }
        else if (label.Length == 0)
        {
            badRows.Add(new BadRow(place, "the label is empty"));
        }
        else if (split.Length > 0 && part is null)
        {
            badRows.Add(new BadRow(place, $"the split is '{split}', not train, held-out or test"));
        }
        else
        {
            rows.Add(new DataSetRow(place, text, label, part));
        }
    }

    /// <summary>The part that a word names, as people and the Hugging Face hub call it; null for any other word.</summary>
    public static DataPart? ParsePart(string word) => word.ToLowerInvariant().Replace('_', '-') switch
    {
        "train" or "training" => DataPart.Train,
        "held-out" or "heldout" or "validation" or "valid" or "val" or "dev" => DataPart.HeldOut,
        "test" => DataPart.Test,
        _ => null,
    };
}
