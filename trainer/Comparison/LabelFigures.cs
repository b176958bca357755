using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Comparison;

/// <summary>The figures of one model of a comparison, from labels only: a chat model returns no probabilities.</summary>
/// <param name="Asked">Number of rows.</param>
/// <param name="Valid">Rows for which the model returned one of the labels. The other figures are computed on these, as published figures are.</param>
/// <param name="Precision">Weighted by each label's rows, like recall and F1.</param>
/// <param name="CostPer1000">For 1,000 articles, in the currency of the given prices; null without a price.</param>
internal sealed record LabelFigures(
    string Name, int Asked, int Valid, double Accuracy, double Precision, double Recall, double F1, double? ArticlesPerSecond, double? CostPer1000)
{
    /// <summary>Accuracy over all rows; a reply that is not a label counts as wrong.</summary>
    public double AccuracyOfAll => Asked == 0 ? 0 : Accuracy * Valid / Asked;

    /// <summary>GPT-4, zero-shot, on 500 test articles of AG News, as published.</summary>
    public static LabelFigures PublishedGpt4 { get; } = new("GPT-4, published", 500, 499, 0.8717, 0.8886, double.NaN, 0.8723, null, null);

    /// <param name="predicted">The predicted labels, null for a reply that is not a label; in the order of <paramref name="expected"/>.</param>
    public static LabelFigures Compute(
        string name,
        IReadOnlyList<string> labels,
        IReadOnlyList<string> expected,
        IReadOnlyList<string?> predicted,
        double? articlesPerSecond,
        double? costPer1000)
    {
        var indices = labels.Index().ToDictionary(label => label.Item, label => label.Index);
        var confusion = labels.Select(_ => new int[labels.Count]).ToArray();
        foreach (var (right, given) in expected.Zip(predicted))
        {
            if (given is not null)
            {
                confusion[indices[right]][indices[given]]++;
            }
        }

        var perLabel = LabelMetrics.Compute(labels, confusion);
        var valid = perLabel.Sum(label => label.Rows);
        return new LabelFigures(
            name,
            expected.Count,
            valid,
            valid == 0 ? 0 : (double)confusion.Select((row, i) => row[i]).Sum() / valid,
            LabelMetrics.Weighted(perLabel, label => label.Precision),
            LabelMetrics.Weighted(perLabel, label => label.Recall),
            LabelMetrics.Weighted(perLabel, label => label.F1),
            articlesPerSecond,
            costPer1000);
    }
}
