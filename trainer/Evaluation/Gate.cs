namespace Serverless.Trainer.Evaluation;

/// <summary>The gate's decision on a new version: its figures, and the reason in words.</summary>
/// <param name="PValue">Of "the new version is worse"; for a first version, of "it is no better than the most frequent label".</param>
/// <param name="Labels">The recall of the labels that were compared; null for a first version.</param>
internal sealed record GateVerdict(
    bool Passed, double? PValue, int Compared, int Losses, int Wins, string Reason, IReadOnlyList<LabelComparison>? Labels = null);

/// <summary>The predictions of both versions for one held-out row.</summary>
internal sealed record PairedPrediction(string Expected, string New, string Serving);

/// <summary>
/// Compares a new version with the serving one. The new version passes unless a paired one-sided test shows that it is worse, on all rows or
/// on those of one label.
/// Only rows whose label both versions know are compared: on a new label, the serving version could only lose.
/// </summary>
/// <remarks>
/// A version that lacks labels of the serving one, or that too few rows compare, does not pass either, since the test cannot see what is
/// lost. It is stored and a person may promote it.
/// </remarks>
internal static class Gate
{
    public const double Significance = 0.05;

    /// <summary>
    /// With 20 rows the test refuses, four times in five, a version that guesses one of two labels, if the serving version is right in 90 %;
    /// with 10 rows once in three, and with fewer than 5 never, whatever the version answers. A data set of 200 rows holds out about 20.
    /// </summary>
    public const int MinRows = 20;

    /// <summary>With fewer compared rows the test may miss a real loss of a few points.</summary>
    public const int MinRowsForStrongTest = 200;

    /// <param name="rows">The predictions for all held-out rows.</param>
    /// <param name="newLabels">The labels of the new version.</param>
    /// <param name="servingLabels">The labels of the serving version.</param>
    /// <param name="servingVersion">Its name.</param>
    public static GateVerdict Evaluate(
        IReadOnlyList<PairedPrediction> rows, IReadOnlyCollection<string> newLabels, IReadOnlyCollection<string> servingLabels, string servingVersion)
    {
        var compared = rows.Where(row => servingLabels.Contains(row.Expected)).ToArray();
        var losses = compared.Count(row => row.Serving == row.Expected && row.New != row.Expected);
        var wins = compared.Count(row => row.New == row.Expected && row.Serving != row.Expected);
        var p = McNemarTest.OneSided(losses, wins);
        var isWorse = p < Significance;
        var labels = LabelComparison.Compute(compared, [.. newLabels.Intersect(servingLabels)]);
        var obstacle = DescribeObstacle(compared.Length, servingLabels.Except(newLabels), servingVersion)
            ?? DescribeLosses([.. labels.Where(label => label.PValue < Significance)], servingVersion);

        List<string> sentences = obstacle is null ? [] : [obstacle];
        sentences.Add(compared.Length == 0
            ? "Nothing was compared."
            : $"Of {compared.Length} held-out rows the new version loses {losses} and wins {wins}: " +
              $"{(isWorse ? "worse" : "not shown to be worse")} than the serving one (McNemar, one-sided, p = {p:0.####}).");
        if (compared.Length < MinRowsForStrongTest)
        {
            sentences.Add($"The gate is weak: with fewer than {MinRowsForStrongTest} rows it detects only large losses.");
        }

        AppendLabels(sentences, "Labels that only the new version knows", newLabels.Except(servingLabels));
        AppendLabels(sentences, "Labels that no held-out row has", newLabels.Intersect(servingLabels).Except(compared.Select(row => row.Expected)));
        return new GateVerdict(obstacle is null && !isWorse, p, compared.Length, losses, wins, string.Join(' ', sentences), labels);
    }

    private static string? DescribeObstacle(int compared, IEnumerable<string> lost, string servingVersion)
    {
        var labels = lost.Order(StringComparer.Ordinal).ToArray();
        if (labels.Length > 0)
        {
            return $"Not published: it lacks the label{(labels.Length > 1 ? "s" : "")} {string.Join(", ", labels)} that version {servingVersion} has; " +
                   "promote it if that is meant.";
        }

        return compared < MinRows
            ? $"Not published: {compared} held-out rows compare it with version {servingVersion}, and at least {MinRows} are needed; " +
              "promote it if that is meant, or add rows."
            : null;
    }

    private static string? DescribeLosses(IReadOnlyList<LabelComparison> worse, string servingVersion)
    {
        var labels = worse.Select(label =>
            $"'{label.Label}' in {label.NewCorrect} of {label.Rows} held-out rows and version {servingVersion} in {label.ServingCorrect} " +
            $"(p = {label.PValue:0.####})");
        return worse.Count == 0
            ? null
            : $"Not published: it recognises {string.Join(", ", labels)}, after Holm's correction for the number of labels; promote it if that is meant.";
    }

    private static void AppendLabels(List<string> sentences, string what, IEnumerable<string> labels)
    {
        var list = string.Join(", ", labels.Order(StringComparer.Ordinal));
        if (list.Length > 0)
        {
            sentences.Add($"{what}: {list}.");
        }
    }
}
