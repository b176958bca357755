namespace Serverless.Trainer.Evaluation;

/// <summary>
/// Compares the first version of a classifier with the answer of the most frequent label for every article. The version passes if a paired
/// one-sided test shows that it is better, or if too few rows are held out to tell.
/// </summary>
internal static class FirstVersionGate
{
    /// <summary>The fewest held-out rows of the other labels with which the test decides.</summary>
    /// <remarks>
    /// Only on these rows can a version be better. Of versions that are right in 80 % of them and in all of the most frequent label, 7 rows show
    /// 85 % to be better, 6 rows 66 %, 5 rows 33 % and fewer none.
    /// </remarks>
    public const int MinOtherRows = 7;

    /// <param name="rows">The expected and the predicted label of each held-out row.</param>
    /// <param name="mostFrequent">The most frequent label of the rows to train on.</param>
    public static GateVerdict Evaluate(IReadOnlyList<(string Expected, string New)> rows, string mostFrequent)
    {
        var others = rows.Count(row => row.Expected != mostFrequent);
        var right = rows.Count(row => row.New == row.Expected);
        var losses = rows.Count(row => row.Expected == mostFrequent && row.New != row.Expected);
        var wins = rows.Count(row => row.Expected != mostFrequent && row.New == row.Expected);
        var p = McNemarTest.OneSided(wins, losses);
        if (rows.Count < Gate.MinRows || others < MinOtherRows)
        {
            var reason = $"There is no serving version to compare with. Too few rows are held out to tell whether it is better than the most frequent label, " +
                $"'{mostFrequent}', for every article: {rows.Count}, of which {others} have another label.";
            return new GateVerdict(true, p, rows.Count, losses, wins, reason);
        }

        var isBetter = p < Gate.Significance;
        var figures = $"right in {right} of {rows.Count} held-out rows; '{mostFrequent}', the most frequent label, given to every article would be right " +
            $"in {rows.Count - others} (McNemar, one-sided, p = {p:0.####})";
        return new GateVerdict(
            isBetter,
            p,
            rows.Count,
            losses,
            wins,
            isBetter
                ? $"There is no serving version to compare with. It is {figures}."
                : $"Not published: it is not shown to be better than the most frequent label: it is {figures}. Promote it if that is meant, or add rows.");
    }
}
