namespace Serverless.Training;

/// <summary>Which columns of a data set are read, by index; null for a column that it lacks.</summary>
/// <param name="Error">Which names are ambiguous, for a person; null if none are.</param>
public sealed record DatasetColumns(int? Text, int? Title, int? Label, int? Split, string? Error = null)
{
    /// <summary>Whether there is a text (or a title, as in AG News) and a label.</summary>
    public bool AreUsable => Error is null && (Text ?? Title) is not null && Label is not null;

    /// <param name="names">The names of all columns.</param>
    /// <param name="text">The name of the text column; null for <c>text</c>, or <c>description</c> where that is missing.</param>
    /// <param name="label">The name of the label column; null for <c>label</c>, or <c>class index</c> where that is missing.</param>
    public static DatasetColumns Find(IReadOnlyList<string> names, string? text = null, string? label = null)
    {
        string? error = null;
        var textIndex = FindFirst(names, text is null ? DatasetFormat.TextColumns : [text], ref error);
        var titleIndex = FindFirst(names, [DatasetFormat.TitleColumn], ref error);
        var labelIndex = FindFirst(names, label is null ? DatasetFormat.LabelColumns : [label], ref error);
        var splitIndex = FindFirst(names, [DatasetFormat.SplitColumn], ref error);

        // A title alone stands for the text, but not for a text column that was named and is missing.
        var usesTitle = titleIndex != textIndex && titleIndex != labelIndex && (text is null || textIndex is not null);
        return new DatasetColumns(textIndex, usesTitle ? titleIndex : null, labelIndex, splitIndex == labelIndex ? null : splitIndex, error);
    }

    private static int? FindFirst(IReadOnlyList<string> names, IReadOnlyList<string> wanted, ref string? error)
    {
        foreach (var name in wanted)
        {
            if (!ColumnNames.TryFind(names, name, out var index, out var ambiguous))
            {
                error ??= ambiguous;
            }

            if (index >= 0)
            {
                return index;
            }
        }

        return null;
    }
}
