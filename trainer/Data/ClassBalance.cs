namespace Serverless.Trainer.Data;

/// <summary>Warns of labels with very few rows.</summary>
internal static class ClassBalance
{
    /// <summary>The smallest share of the largest label's rows without a warning.</summary>
    /// <remarks>
    /// Rows are not weighted. Of 200 test articles of a label of AG News, the starter, trained on 184 rows of World, recognised none with one
    /// row of that label, 11 % (Business) and 28 % (Sports) with 8, 52 % and 46 % with 17, and 60 % with 34.
    /// </remarks>
    public const double MinShare = 0.1;

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
              "it will seldom be predicted: add rows, or join it with another label.";
    }
}
