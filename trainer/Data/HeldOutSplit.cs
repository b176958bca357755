namespace Serverless.Trainer.Data;

/// <summary>
/// Chooses the held-out rows: those that the file marks, otherwise the rows whose hash is below the fraction. For a label without
/// any, its row with the lowest hash is held out, so that every label is evaluated. The choice depends on the text only, so no
/// version is trained on a row that another version is evaluated on, as long as the fraction stays the same and (for the
/// lowest-hash rule) rows are only added.
/// </summary>
internal static class HeldOutSplit
{
    public static (IReadOnlyList<DataSetRow> Train, IReadOnlyList<DataSetRow> HeldOut, IReadOnlyList<DataSetRow> Test) Split(
        IReadOnlyList<DataSetRow> rows, double fraction)
    {
        var heldOut = rows.Any(row => row.Part == DataPart.HeldOut)
            ? rows.Where(row => row.Part == DataPart.HeldOut).ToHashSet()
            : SelectByHash(rows.Where(row => row.Part != DataPart.Test), fraction);

        return (
            [.. rows.Where(row => row.Part != DataPart.Test && !heldOut.Contains(row))],
            [.. rows.Where(heldOut.Contains)],
            [.. rows.Where(row => row.Part == DataPart.Test)]);
    }

    private static HashSet<DataSetRow> SelectByHash(IEnumerable<DataSetRow> rows, double fraction)
    {
        var heldOut = new HashSet<DataSetRow>();
        foreach (var label in rows.GroupBy(row => row.Label))
        {
            var under = label.Where(row => row.Hash.Fraction < fraction).ToArray();
            heldOut.UnionWith(under.Length > 0 ? under : [label.MinBy(row => row.Hash.Value)!]);
        }

        return heldOut;
    }
}
