namespace Serverless.Trainer.Data;

/// <summary>Warns of labels with very few rows.</summary>
internal static class ClassBalance
{
    /// <summary>
    /// The smallest share of the largest label's rows without a warning. Rows are not weighted, so a model that never predicts a label with
    /// less than a twentieth of them loses less than 5 % of its accuracy.
    /// </summary>
    public const double MinShare = 0.05;

    /// <param name="rows">The rows to train on.</param>
    /// <returns>Null if no label is rare.</returns>
    public static string? Describe(IReadOnlyList<DataSetRow> rows)
    {
        var counts = rows.CountBy(row => row.Label).OrderBy(label => label.Value).ThenBy(label => label.Key, StringComparer.Ordinal).ToArray();
        if (counts.Length == 0)
        {
            return null;
        }

        var largest = counts[^1];
        var rare = counts.Where(label => label.Value < MinShare * largest.Value).Select(label => $"'{label.Key}' ({label.Value})").ToArray();
        return rare.Length == 0
            ? null
            : $"Warning: few rows have the label {string.Join(", ", rare.Take(10))}{(rare.Length > 10 ? ", …" : "")} " +
              $"beside '{largest.Key}' ({largest.Value}); " +
              "it may never be predicted: add rows, or join it with another label.";
    }
}
