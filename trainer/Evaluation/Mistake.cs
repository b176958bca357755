using Serverless.Trainer.Data;

namespace Serverless.Trainer.Evaluation;

/// <summary>A row with a wrong prediction.</summary>
/// <param name="Score">The probability of the predicted label.</param>
/// <param name="ExpectedScore">The probability of the expected label.</param>
internal sealed record Mistake(RowPlace Place, string Text, string Expected, string Predicted, double Score, double ExpectedScore)
{
    /// <summary>The mistakes with the lowest probability of the expected label. Often the label in the data set is wrong.</summary>
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
