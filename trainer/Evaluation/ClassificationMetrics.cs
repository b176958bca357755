namespace Serverless.Trainer.Evaluation;

/// <summary>
/// The metrics of one evaluation. Precision, recall and F1 are weighted by each label's rows and are 0 for a label that was never
/// predicted, as with scikit-learn's <c>average="weighted", zero_division=0</c>.
/// </summary>
/// <param name="ConfusionMatrix">Rows: the expected label; columns: the predicted label; both in the order of <paramref name="PerLabel"/>.</param>
/// <param name="Loss">Mean cross-entropy at temperature 1.</param>
/// <param name="CalibrationError">Expected calibration error at <paramref name="Temperature"/>.</param>
/// <param name="Reliability">The bins of that error.</param>
internal sealed record ClassificationMetrics(
    int Rows,
    double Accuracy,
    double Precision,
    double Recall,
    double F1,
    double Loss,
    double CalibrationError,
    double Temperature,
    IReadOnlyList<LabelMetrics> PerLabel,
    int[][] ConfusionMatrix,
    IReadOnlyList<ReliabilityBin> Reliability)
{
    /// <summary>The unweighted mean of F1 over the labels.</summary>
    public double MacroF1 => PerLabel.Average(label => label.F1);

    public static ClassificationMetrics Compute(Predictions predictions, IReadOnlyList<string> labels, double temperature = 1)
    {
        var confusion = predictions.ConfusionMatrix();
        var perLabel = LabelMetrics.Compute(labels, confusion);
        var reliability = Calibration.Bins(predictions, temperature);
        return new ClassificationMetrics(
            predictions.Count,
            predictions.Accuracy,
            LabelMetrics.Weighted(perLabel, label => label.Precision),
            LabelMetrics.Weighted(perLabel, label => label.Recall),
            LabelMetrics.Weighted(perLabel, label => label.F1),
            predictions.Loss(),
            Calibration.ExpectedError(reliability),
            temperature,
            perLabel,
            confusion,
            reliability);
    }
}

/// <summary>Precision, recall and F1 of one label, and the number of its rows.</summary>
internal sealed record LabelMetrics(string Label, int Rows, double Precision, double Recall, double F1)
{
    /// <param name="confusion">Rows: the expected label; columns: the predicted label; both in the order of the labels.</param>
    public static IReadOnlyList<LabelMetrics> Compute(IReadOnlyList<string> labels, int[][] confusion) =>
        [.. labels.Select((label, index) => Compute(label, index, confusion))];

    /// <summary>The mean of a metric, weighted by each label's rows; 0 without rows.</summary>
    public static double Weighted(IReadOnlyList<LabelMetrics> labels, Func<LabelMetrics, double> metric)
    {
        var rows = labels.Sum(label => label.Rows);
        return rows == 0 ? 0 : labels.Sum(label => label.Rows * metric(label)) / rows;
    }

    private static LabelMetrics Compute(string label, int index, int[][] confusion)
    {
        double truePositives = confusion[index][index];
        var rows = confusion[index].Sum();
        var predicted = confusion.Sum(row => row[index]);
        var precision = predicted == 0 ? 0 : truePositives / predicted;
        var recall = rows == 0 ? 0 : truePositives / rows;
        var f1 = truePositives == 0 ? 0 : 2 * precision * recall / (precision + recall);
        return new LabelMetrics(label, rows, precision, recall, f1);
    }
}
