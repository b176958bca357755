using System.Globalization;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Commands;

/// <summary>Writes the metrics of an evaluation as text: the averages, then one line per label with its row of the confusion matrix.</summary>
internal static class MetricsTable
{
    public static void Write(TextWriter writer, string what, ClassificationMetrics metrics)
    {
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {metrics.Rows} articles  accuracy {metrics.Accuracy:0.0000}  precision {metrics.Precision:0.0000}  recall {metrics.Recall:0.0000}  " +
            $"F1 {metrics.F1:0.0000}  loss {metrics.Loss:0.0000}  ECE {metrics.CalibrationError:0.000} at temperature {metrics.Temperature:0.00}"));
        var width = metrics.PerLabel.Max(label => label.Label.Length);
        foreach (var (label, confusion) in metrics.PerLabel.Zip(metrics.ConfusionMatrix))
        {
            var predicted = string.Join(" ", confusion.Select(count => $"{count,5}"));
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {label.Label.PadRight(width)}  precision {label.Precision:0.000}  recall {label.Recall:0.000}  F1 {label.F1:0.000}  " +
                $"predicted as {predicted}"));
        }
    }
}
