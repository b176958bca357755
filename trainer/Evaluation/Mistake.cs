using Serverless.Trainer.Data;

namespace Serverless.Trainer.Evaluation;

/// <summary>A row that the model got wrong.</summary>
/// <param name="Score">The probability of the label that it gave.</param>
/// <param name="ExpectedScore">The probability that it left for the right one.</param>
internal sealed record Mistake(RowPlace Place, string Text, string Expected, string Predicted, double Score, double ExpectedScore)
{
    /// <summary>The mistakes that cost the most: wrong, and surest of it. Often it is the label that is wrong.</summary>
    public static IReadOnlyList<Mistake> Worst(
        Predictions predictions, IReadOnlyList<DataSetRow> rows, IReadOnlyList<string> labels, double temperature, int count) =>
        [.. Enumerable.Range(0, predictions.Count)
            .Where(row => predictions.Predicted(row) != predictions.Expected[row])
            .Select(row => (Row: row, Scores: predictions.Probabilities(row, temperature)))
            .OrderBy(wrong => wrong.Scores[predictions.Expected[wrong.Row]])
            .Take(count)
            .Select(wrong => new Mistake(
                rows[wrong.Row].Place,
                rows[wrong.Row].Text,
                rows[wrong.Row].Label,
                labels[predictions.Predicted(wrong.Row)],
                wrong.Scores.Max(),
                wrong.Scores[predictions.Expected[wrong.Row]]))];
}
