namespace Serverless.Trainer.Evaluation;

/// <summary>The gate's decision on a new version: its figures, and the reason in words.</summary>
internal sealed record GateVerdict(bool Passed, double? PValue, int Compared, int Losses, int Wins, string Reason);

/// <summary>The predictions of both versions for one held-out row.</summary>
internal sealed record PairedPrediction(string Expected, string New, string Serving);

/// <summary>
/// Compares a new version with the serving one. The new version passes unless a paired one-sided test shows that it is worse.
/// Only rows whose label both versions know are compared: on a new label, the serving version could only lose.
/// </summary>
internal static class Gate
{
    public const double Significance = 0.05;

    /// <summary>With fewer compared rows the test may miss a real loss of a few points.</summary>
    public const int MinRowsForStrongTest = 200;

    public static GateVerdict FirstVersion { get; } = new(true, null, 0, 0, 0, "There is no serving version to compare with.");

    public static GateVerdict Evaluate(
        IReadOnlyList<PairedPrediction> rows, IReadOnlyCollection<string> newLabels, IReadOnlyCollection<string> servingLabels)
    {
        var compared = rows.Where(row => servingLabels.Contains(row.Expected)).ToArray();
        var losses = compared.Count(row => row.Serving == row.Expected && row.New != row.Expected);
        var wins = compared.Count(row => row.New == row.Expected && row.Serving != row.Expected);
        var p = McNemarTest.OneSided(losses, wins);
        var passed = p >= Significance;

        List<string> sentences =
        [
            compared.Length == 0
                ? "The versions have no label in common; nothing was compared."
                : $"Of {compared.Length} held-out rows the new version loses {losses} and wins {wins}: " +
                  $"{(passed ? "not shown to be worse" : "worse")} than the serving one (McNemar, one-sided, p = {p:0.####}).",
        ];
        if (compared.Length < MinRowsForStrongTest)
        {
            sentences.Add($"The gate is weak: with fewer than {MinRowsForStrongTest} rows it detects only large losses.");
        }

        AppendLabels(sentences, "Labels that only the new version knows", newLabels.Except(servingLabels));
        AppendLabels(sentences, "Labels that only the serving version knows", servingLabels.Except(newLabels));
        return new GateVerdict(passed, p, compared.Length, losses, wins, string.Join(' ', sentences));
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
