namespace Serverless.Trainer.Evaluation;

/// <summary>
/// Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): logits are divided by a temperature that is
/// fitted on held-out rows, so that scores can be read as probabilities. It never changes the predicted label. A prior keeps a
/// handful of rows that are all correct from driving the temperature to certainty.
/// </summary>
internal static class Calibration
{
    private const int BinCount = 15;

    // The prior of log T is normal around log 2: a model that has memorised a small data set is about twice as confident as it
    // should be. A hundred rows outweigh the prior.
    private const double PriorTemperature = 2;
    private const double PriorDeviation = 0.5;

    private const double MinTemperature = 0.5;
    private const double MaxTemperature = 5;

    /// <summary>The maximum a posteriori temperature, between 0.5 and 5. The fewer rows there are, the closer it stays to 2.</summary>
    public static double FitTemperature(Predictions predictions)
    {
        double Cost(double logT)
        {
            var deviations = (logT - Math.Log(PriorTemperature)) / PriorDeviation;
            return (predictions.Count * predictions.Loss(Math.Exp(logT))) + (deviations * deviations / 2);
        }

        // Golden-section search over log T. Cross-entropy and prior have one minimum each; if their sum has two,
        // one of them is found.
        var ratio = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Log(MinTemperature), Math.Log(MaxTemperature));
        while (high - low > 1e-4)
        {
            var lower = high - (ratio * (high - low));
            var upper = low + (ratio * (high - low));
            if (Cost(lower) < Cost(upper))
            {
                high = upper;
            }
            else
            {
                low = lower;
            }
        }

        return Math.Round(Math.Exp((low + high) / 2), 4);
    }

    /// <summary>Reliability diagram: mean confidence and accuracy in each of 15 equal bins of the predicted label's probability.</summary>
    public static IReadOnlyList<ReliabilityBin> Bins(Predictions predictions, double temperature)
    {
        var confidences = new double[BinCount];
        var correct = new int[BinCount];
        var rows = new int[BinCount];
        for (var row = 0; row < predictions.Count; row++)
        {
            var confidence = predictions.Probabilities(row, temperature).Max();
            var bin = Math.Min((int)(confidence * BinCount), BinCount - 1);
            confidences[bin] += confidence;
            correct[bin] += predictions.Predicted(row) == predictions.Expected[row] ? 1 : 0;
            rows[bin]++;
        }

        return [.. Enumerable.Range(0, BinCount).Select(bin => new ReliabilityBin(
            (double)bin / BinCount, (double)(bin + 1) / BinCount, rows[bin], Mean(confidences[bin], rows[bin]), Mean(correct[bin], rows[bin])))];
    }

    /// <summary>Expected calibration error (ECE): the row-weighted mean of |confidence − accuracy| over the bins, from 0 (perfect) to 1.</summary>
    public static double ExpectedError(IReadOnlyList<ReliabilityBin> bins) =>
        bins.Sum(bin => bin.Rows * Math.Abs(bin.Confidence - bin.Accuracy)) / bins.Sum(bin => bin.Rows);

    private static double Mean(double sum, int rows) => rows == 0 ? 0 : sum / rows;
}

/// <summary>The rows whose predicted label has a probability from <paramref name="From"/> to <paramref name="To"/>.</summary>
/// <param name="Confidence">Mean probability of the predicted label; 0 without rows.</param>
/// <param name="Accuracy">Share of correct rows; 0 without rows.</param>
internal sealed record ReliabilityBin(double From, double To, int Rows, double Confidence, double Accuracy);
