namespace Serverless.Trainer.Data;

/// <summary>
/// The columns of a data set, whatever its format: <c>text</c> (or <c>title</c> and <c>description</c>, as AG News has them),
/// <c>label</c> (or <c>class index</c>) and, if the author splits the rows himself, <c>split</c>.
/// </summary>
internal static class RowFields
{
    public const string Expected = "'text' (or 'title' and 'description') and 'label'";

    /// <summary>The limit of an article, 1 MB: a longer text is an unclosed quotation mark more often than an article.</summary>
    private const int MaxTextLength = 1024 * 1024;

    public static bool AreUsable(IReadOnlyCollection<string> names) =>
        (names.Contains("text") || names.Contains("title") || names.Contains("description")) &&
        (names.Contains("label") || names.Contains("class index"));

    /// <summary>Builds the row of <paramref name="line"/>; adds it to one of the two lists.</summary>
    public static void Add(int line, Func<string, string?> field, List<DataSetRow> rows, List<BadRow> badRows)
    {
        var text = (field("text") ?? $"{field("title")} {field("description")}").Trim();
        var label = (field("label") ?? field("class index") ?? "").Trim();
        var split = (field("split") ?? "").Trim();
        var part = Part(split);

        if (text.Length == 0)
        {
            badRows.Add(new BadRow(line, "the text is empty"));
        }
        else if (text.Length > MaxTextLength)
        {
            badRows.Add(new BadRow(line, $"the text has more than {MaxTextLength:N0} characters; is a quotation mark not closed?"));
        }
        else if (label.Length == 0)
        {
            badRows.Add(new BadRow(line, "the label is empty"));
        }
        else if (split.Length > 0 && part is null)
        {
            badRows.Add(new BadRow(line, $"the split is '{split}', not train, held-out or test"));
        }
        else
        {
            rows.Add(new DataSetRow(line, text, label, part));
        }
    }

    private static DataPart? Part(string split) => split.ToLowerInvariant().Replace('_', '-') switch
    {
        "train" or "training" => DataPart.Train,
        "held-out" or "heldout" or "validation" or "valid" or "dev" => DataPart.HeldOut,
        "test" => DataPart.Test,
        _ => null,
    };
}
