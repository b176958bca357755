namespace Serverless.Trainer.Data;

/// <summary>
/// Decides which rows are held out. Where the file marks held-out rows itself, those; otherwise each row whose hash falls
/// under the fraction. A label that would have none gives its row with the lowest hash, so that every label is measured.
/// Because only the text decides, no version is ever trained on a row that a later version is judged by, as long as the
/// fraction stays and (for the lowest-hash rule) rows are added rather than taken away.
/// </summary>
internal static class HeldOutSplit
{
    public static (IReadOnlyList<DataSetRow> Train, IReadOnlyList<DataSetRow> HeldOut, IReadOnlyList<DataSetRow> Test) Split(
        IReadOnlyList<DataSetRow> rows, double fraction)
    {
        var heldOut = rows.Any(row => row.Part == DataPart.HeldOut)
            ? rows.Where(row => row.Part == DataPart.HeldOut).ToHashSet()
            : ByHash(rows.Where(row => row.Part != DataPart.Test), fraction);

        return (
            [.. rows.Where(row => row.Part != DataPart.Test && !heldOut.Contains(row))],
            [.. rows.Where(heldOut.Contains)],
            [.. rows.Where(row => row.Part == DataPart.Test)]);
    }

    private static HashSet<DataSetRow> ByHash(IEnumerable<DataSetRow> rows, double fraction)
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
