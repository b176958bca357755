using System.Globalization;

namespace Serverless.Trainer.Data;

/// <summary>Describes labels with very few rows.</summary>
internal static class ClassBalance
{
    /// <summary>The smallest share of the largest label's rows without a warning.</summary>
    /// <remarks>
    /// Without class weights. Of 200 test articles of a label of AG News, the starter, trained on 184 rows of World, recognised none with one
    /// row of that label, 11 % (Business) and 28 % (Sports) with 8, 52 % and 46 % with 17, and 60 % with 34.
    /// </remarks>
    public const double MinShare = 0.1;

    /// <param name="rows">The rows to train on.</param>
    /// <param name="isWeighted">Whether the training has class weights.</param>
    /// <returns>Null if no label is rare.</returns>
    public static string? Describe(IReadOnlyList<DataSetRow> rows, bool isWeighted)
    {
        var counts = rows.CountBy(row => row.Label).OrderBy(label => label.Value).ThenBy(label => label.Key, StringComparer.Ordinal).ToArray();
        if (counts.Length == 0)
        {
            return null;
        }

        var largest = counts[^1];
        var rare = counts.Where(label => label.Value < MinShare * largest.Value).Select(label => Describe(label.Key, label.Value, rows.Count)).ToArray();
        if (rare.Length == 0)
        {
            return null;
        }

        var list = $"few rows have the label {string.Join(", ", rare.Take(10))}{(rare.Length > 10 ? ", …" : "")} " +
            $"beside {Describe(largest.Key, largest.Value, rows.Count)}";
        return isWeighted
            ? $"Class weights are set: {list}."
            : $"Warning: {list}; it will seldom be predicted: set class_weights to balanced, add rows, or join it with another label.";
    }

    private static string Describe(string label, int count, int rows) =>
        string.Create(CultureInfo.InvariantCulture, $"'{label}' ({count}, {100.0 * count / rows:0.#} % of the rows)");
}
