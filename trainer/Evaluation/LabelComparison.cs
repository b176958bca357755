namespace Serverless.Trainer.Evaluation;

/// <summary>The recall of one label by two versions, on the same held-out rows.</summary>
/// <param name="Rows">The held-out rows of the label.</param>
/// <param name="ServingCorrect">Those that the serving version recognises.</param>
/// <param name="NewCorrect">Those that the new version recognises.</param>
/// <param name="PValue">The p-value for "the new version is worse" (McNemar), corrected by Holm's method for the number of labels.</param>
/// <remarks>
/// A rare label can be lost while the accuracy stays: 30 rows lost of one label and 25 won of the others are not shown to be worse on all
/// rows (p = 0.3). With few rows the correction leaves nothing to find, so that only labels with 20 or more are compared.
/// </remarks>
internal sealed record LabelComparison(string Label, int Rows, int ServingCorrect, int NewCorrect, double PValue)
{
    /// <summary>The fewest held-out rows of a label that is compared.</summary>
    public const int MinRows = 20;

    /// <param name="rows">The compared rows.</param>
    /// <param name="labels">The labels that both versions know.</param>
    /// <returns>The labels with enough rows, lowest p-value first.</returns>
    public static IReadOnlyList<LabelComparison> Compute(IEnumerable<PairedPrediction> rows, IReadOnlyCollection<string> labels) => CorrectByHolm(
    [
        .. rows.GroupBy(row => row.Expected)
            .Where(label => labels.Contains(label.Key) && label.Count() >= MinRows)
            .Select(Compare)
            .OrderBy(label => label.PValue)
            .ThenBy(label => label.Label, StringComparer.Ordinal),
    ]);

    private static LabelComparison Compare(IGrouping<string, PairedPrediction> rows)
    {
        var losses = rows.Count(row => row.Serving == row.Expected && row.New != row.Expected);
        var wins = rows.Count(row => row.New == row.Expected && row.Serving != row.Expected);
        return new LabelComparison(
            rows.Key,
            rows.Count(),
            rows.Count(row => row.Serving == row.Expected),
            rows.Count(row => row.New == row.Expected),
            McNemarTest.OneSided(losses, wins));
    }

    /// <summary>Holm's step-down method: the i-th lowest of m p-values times m - i + 1, and not below the one before it.</summary>
    private static LabelComparison[] CorrectByHolm(LabelComparison[] ascending)
    {
        var corrected = 0.0;
        for (var i = 0; i < ascending.Length; i++)
        {
            corrected = Math.Max(corrected, Math.Min(1, ascending[i].PValue * (ascending.Length - i)));
            ascending[i] = ascending[i] with { PValue = corrected };
        }

        return ascending;
    }
}
