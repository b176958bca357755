namespace Serverless.Trainer.Evaluation;

/// <summary>
/// The figures of one evaluation. Precision, recall and F1 are weighted by each label's rows and count 0 where a label was
/// never predicted, as scikit-learn's <c>average="weighted", zero_division=0</c>.
/// </summary>
/// <param name="ConfusionMatrix">Rows: the right label; columns: the predicted one; both in the order of <paramref name="PerLabel"/>.</param>
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
    /// <summary>F1 as a plain mean over the labels: each counts the same, however few rows it has.</summary>
    public double MacroF1 => PerLabel.Average(label => label.F1);

    public static ClassificationMetrics Compute(Predictions predictions, IReadOnlyList<string> labels, double temperature = 1)
    {
        var confusion = labels.Select(_ => new int[labels.Count]).ToArray();
        for (var row = 0; row < predictions.Count; row++)
        {
            confusion[predictions.Expected[row]][predictions.Predicted(row)]++;
        }

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

/// <summary>Precision, recall and F1 of one label, and the number of rows that bear it.</summary>
internal sealed record LabelMetrics(string Label, int Rows, double Precision, double Recall, double F1)
{
    /// <param name="confusion">Rows: the right label; columns: the predicted one; both in the order of the labels.</param>
    public static IReadOnlyList<LabelMetrics> Compute(IReadOnlyList<string> labels, int[][] confusion) =>
        [.. labels.Select((label, index) => Compute(label, index, confusion))];

    /// <summary>A metric's mean over the rows that the labels have; 0 without rows.</summary>
    public static double Weighted(IReadOnlyList<LabelMetrics> labels, Func<LabelMetrics, double> metric)
    {
        var rows = labels.Sum(label => label.Rows);
        return rows == 0 ? 0 : labels.Sum(label => label.Rows * metric(label)) / rows;
    }

    private static LabelMetrics Compute(string label, int index, int[][] confusion)
    {
        double hits = confusion[index][index];
        var rows = confusion[index].Sum();
        var predicted = confusion.Sum(row => row[index]);
        var precision = predicted == 0 ? 0 : hits / predicted;
        var recall = rows == 0 ? 0 : hits / rows;
        var f1 = hits == 0 ? 0 : 2 * precision * recall / (precision + recall);
        return new LabelMetrics(label, rows, precision, recall, f1);
    }
}
