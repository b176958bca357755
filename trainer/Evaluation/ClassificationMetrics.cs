namespace Serverless.Trainer.Evaluation;

/// <summary>
/// The figures of one evaluation. Precision, recall and F1 are weighted by each label's rows and count 0 where a label was
/// never predicted, as scikit-learn's <c>average="weighted", zero_division=0</c>.
/// </summary>
/// <param name="ConfusionMatrix">Rows: the right label; columns: the predicted one; both in the order of <paramref name="PerLabel"/>.</param>
/// <param name="Loss">Mean cross-entropy at temperature 1.</param>
/// <param name="CalibrationError">Expected calibration error at <paramref name="Temperature"/>.</param>
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
    int[][] ConfusionMatrix)
{
    public static ClassificationMetrics Of(Predictions predictions, IReadOnlyList<string> labels, double temperature = 1)
    {
        var confusion = labels.Select(_ => new int[labels.Count]).ToArray();
        for (var row = 0; row < predictions.Count; row++)
        {
            confusion[predictions.Expected[row]][predictions.Predicted(row)]++;
        }

        var perLabel = labels.Select((label, index) => LabelMetrics.Of(label, index, confusion)).ToArray();
        double Weighted(Func<LabelMetrics, double> metric) => perLabel.Sum(label => label.Rows * metric(label)) / predictions.Count;

        return new ClassificationMetrics(
            predictions.Count,
            predictions.Accuracy,
            Weighted(label => label.Precision),
            Weighted(label => label.Recall),
            Weighted(label => label.F1),
            predictions.Loss(),
            Calibration.ExpectedError(predictions, temperature),
            temperature,
            perLabel,
            confusion);
    }
}

/// <summary>Precision, recall and F1 of one label, and the number of rows that bear it.</summary>
internal sealed record LabelMetrics(string Label, int Rows, double Precision, double Recall, double F1)
{
    public static LabelMetrics Of(string label, int index, int[][] confusion)
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
