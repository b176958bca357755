namespace Serverless.Trainer.Evaluation;

/// <summary>What the gate decided about a new version, in figures and in a sentence for a person.</summary>
internal sealed record GateVerdict(bool Passed, double? PValue, int Compared, int Losses, int Wins, string Reason);

/// <summary>One held-out row as both versions see it.</summary>
internal sealed record PairedPrediction(string Expected, string New, string Serving);

/// <summary>
/// Lets a new version pass unless a paired one-sided test says that it is worse than the serving one. Only rows whose label
/// both know are compared: on a label that is new, the serving version could only lose.
/// </summary>
internal static class Gate
{
    public const double Significance = 0.05;

    /// <summary>Under this many compared rows a real loss of a few points may pass unseen.</summary>
    public const int FewRows = 200;

    public static GateVerdict FirstVersion { get; } = new(true, null, 0, 0, 0, "No version serves yet; there is nothing to compare with.");

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
                ? "The versions share no label; nothing could be compared."
                : $"Of {compared.Length} held-out rows the new version loses {losses} and wins {wins}: " +
                  $"{(passed ? "not shown to be worse" : "worse")} than the serving one (McNemar, one-sided, p = {p:0.####}).",
        ];
        if (compared.Length < FewRows)
        {
            sentences.Add($"The gate is weak: under {FewRows} rows it sees only large losses.");
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
