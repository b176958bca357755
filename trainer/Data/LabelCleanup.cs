namespace Serverless.Trainer.Data;

/// <summary>Removes rows without a label, gives equal labels one spelling, and describes labels that look like mistakes.</summary>
internal static class LabelCleanup
{
    // What programs write for a missing value. A label may really be called so: it is reported, not removed.
    private static readonly HashSet<string> MissingValues = new(StringComparer.OrdinalIgnoreCase)
    {
        "nan", "null", "none", "na", "n/a", "#n/a", "<na>", "undefined", "-100",
    };

    // More are a column in two spellings, which a few of them show.
    private const int MaxNotes = 10;

    /// <summary>Separates the rows without a label. In training rows that is a mistake; held-out and test rows are often published so.</summary>
    public static (IReadOnlyList<DataSetRow> Rows, IReadOnlyList<DataSetRow> Unlabelled, IReadOnlyList<BadRow> BadRows) RemoveUnlabelled(ReadResult read)
    {
        var missing = read.Rows.Where(row => row.Label.Length == 0).ToLookup(IsEvaluated);
        var badRows = read.BadRows.Concat(missing[false].Select(row => new BadRow(row.Place, "the label is empty"))).OrderBy(row => row.Line);
        return ([.. read.Rows.Where(row => row.Label.Length > 0)], [.. missing[true]], [.. badRows]);
    }

    public static IReadOnlyList<string> DescribeUnlabelled(IReadOnlyList<DataSetRow> unlabelled) =>
    [
        .. unlabelled.GroupBy(row => row.Part).Select(part =>
            $"{part.Count()} {(part.Key == DataPart.Test ? "test" : "held-out")} rows without a label left out " +
            $"({RowPlace.Join([.. part.Select(row => row.Place)])})."),
    ];

    /// <summary>Does what needs the labels of all files of a data set.</summary>
    /// <exception cref="DataSetRefusedException">No row has a label.</exception>
    public static DataSetFile Finish(DataSetFile file, RowFields fields)
    {
        // Without names for labels, a placeholder is one only if no row to train on has it.
        var trained = file.Rows.Where(row => !IsEvaluated(row)).Select(row => row.Label).ToHashSet();
        var unlabelled = trained.Count == 0
            ? []
            : file.Rows.Where(row => IsEvaluated(row) && LabelText.Placeholders.Contains(row.Label) && !trained.Contains(row.Label)).ToHashSet();
        var rows = LabelText.NormalizeBooleans([.. file.Rows.Where(row => !unlabelled.Contains(row))]);
        if (rows.Count == 0)
        {
            var notes = string.Concat(file.Notes.Select(note => $" {note}"));
            throw new DataSetRefusedException(file.Name, $"No usable rows; each row needs {fields.Expected}.{notes}", file.BadRows);
        }

        return file with { Rows = rows, Notes = [.. file.Notes, .. DescribeUnlabelled([.. unlabelled]), .. DescribeLabels(rows)] };
    }

    private static bool IsEvaluated(DataSetRow row) => row.Part is DataPart.HeldOut or DataPart.Test;

    private static IEnumerable<string> DescribeLabels(IReadOnlyList<DataSetRow> rows)
    {
        var counts = rows.CountBy(row => row.Label).OrderBy(label => label.Key, StringComparer.Ordinal).ToArray();
        foreach (var alike in counts.GroupBy(label => TextHash.Normalize(label.Key)).Where(alike => alike.Count() > 1).Take(MaxNotes))
        {
            var list = string.Join(", ", alike.Select(label => $"'{label.Key}' ({label.Value} rows)"));
            yield return $"The labels {list} differ in case or white space only and are different classes; write them alike if they are one.";
        }

        foreach (var label in counts.Where(label => MissingValues.Contains(label.Key)))
        {
            yield return $"The label '{label.Key}' ({label.Value} rows) is a class of its own, and looks like a missing value; leave it empty if it is one.";
        }
    }
}
