namespace Serverless.Trainer.Data;

/// <summary>
/// A data set for training: its labels in ordinal order, and its rows in three parts that have no text in common.
/// <see cref="Notes"/> reports the excluded rows, and labels that look like mistakes, one sentence each.
/// </summary>
internal sealed record DataSet(
    string Name,
    IReadOnlyList<string> Labels,
    IReadOnlyList<DataSetRow> Train,
    IReadOnlyList<DataSetRow> HeldOut,
    IReadOnlyList<DataSetRow> Test,
    IReadOnlyList<string> Notes)
{
    /// <param name="path">A CSV, JSONL or Parquet file, or a folder of them.</param>
    /// <param name="heldOutFraction">Share of the training rows to hold out if the file has no held-out rows.</param>
    /// <param name="name">The name of the file in messages.</param>
    /// <param name="fields">The columns to read; null for the default names.</param>
    /// <param name="labelNames">The names of integer labels.</param>
    /// <param name="exclude">Test articles: training and held-out rows that overlap with one are excluded.</param>
    /// <exception cref="DataSetRefusedException">The file cannot be used for training.</exception>
    public static async Task<DataSet> LoadAsync(
        string path, double heldOutFraction, string? name = null, RowFields? fields = null, LabelNames? labelNames = null, Shingles? exclude = null,
        CancellationToken cancellationToken = default)
    {
        var file = Directory.Exists(path)
            ? await DataSetFolder.ReadAsync(path, fields, labelNames, cancellationToken)
            : await DataSetFile.ReadAsync(path, name, fields, labelNames, cancellationToken);
        return Split(file, heldOutFraction, exclude);
    }

    private static DataSet Split(DataSetFile file, double heldOutFraction, Shingles? exclude)
    {
        var notes = file.AllNotes.ToList();
        var (rows, duplicateNotes) = Duplicates.Remove(file.Rows);
        notes.AddRange(duplicateNotes);
        if (exclude is not null)
        {
            (rows, var overlapNotes) = exclude.Remove(rows);
            notes.AddRange(overlapNotes);
        }

        ThrowIfTooFewRows(file, rows);
        var (train, heldOut, test) = HeldOutSplit.Split(rows, heldOutFraction);
        ThrowIfUntrainedLabels(file, train, heldOut, test);

        var labels = train.Select(row => row.Label).Distinct().Order(StringComparer.Ordinal).ToArray();
        return new DataSet(file.Name, labels, train, heldOut, test, notes);
    }

    private static void ThrowIfTooFewRows(DataSetFile file, IReadOnlyList<DataSetRow> rows)
    {
        var labels = rows.Where(row => row.Part != DataPart.Test).GroupBy(row => row.Label).ToArray();
        if (labels.Length < 2)
        {
            var only = labels.Length == 0 ? "no rows to train on" : $"only the label '{labels[0].Key}'";
            throw new DataSetRefusedException(file.Name, $"There is {only}; a classifier needs at least two labels.", file.BadRows);
        }

        var single = labels.Where(label => label.Count() == 1)
            .Select(label => new BadRow(label.First().Place, $"the only row with the label '{label.Key}'")).ToArray();
        if (single.Length > 0)
        {
            throw new DataSetRefusedException(
                file.Name, "Every label needs at least two different texts, one to train on and one to hold out.", single);
        }
    }

    private static void ThrowIfUntrainedLabels(
        DataSetFile file, IReadOnlyList<DataSetRow> train, IReadOnlyList<DataSetRow> heldOut, IReadOnlyList<DataSetRow> test)
    {
        var known = train.Select(row => row.Label).ToHashSet();
        var untrained = heldOut.Concat(test).Where(row => !known.Contains(row.Label)).DistinctBy(row => row.Label)
            .Select(row => new BadRow(row.Place, $"the label '{row.Label}' has no row to train on, all are held out or test; add rows")).ToArray();
        if (untrained.Length > 0)
        {
            throw new DataSetRefusedException(file.Name, "Some labels cannot be learnt.", untrained);
        }
    }
}
