namespace Serverless.Trainer.Evaluation;

/// <summary>
/// How far a score can be read as a probability, and the one number that mends it: logits are divided by a temperature
/// fitted on held-out rows (Guo et al. 2017, "On Calibration of Modern Neural Networks"), as the most probable one under a prior:
/// a handful of rows, all of them right, would ask for certainty. It never changes the chosen label.
/// </summary>
internal static class Calibration
{
    private const int BinCount = 15;

    // The prior of log T is normal around log 2: a model that knows a small data set by heart is about twice as sure as it should be.
    // A hundred rows outweigh it.
    private const double PriorTemperature = 2;
    private const double PriorDeviation = 0.5;

    private const double MinTemperature = 0.5;
    private const double MaxTemperature = 5;

    /// <summary>The most probable temperature (maximum a posteriori) between 0.5 and 5; the fewer the rows, the nearer it stays to 2.</summary>
    public static double FitTemperature(Predictions predictions)
    {
        double Cost(double logT)
        {
            var deviations = (logT - Math.Log(PriorTemperature)) / PriorDeviation;
            return (predictions.Count * predictions.Loss(Math.Exp(logT))) + (deviations * deviations / 2);
        }

        // Golden-section search over log T. Cross-entropy and prior have one minimum each; should their sum have two between
        // these, one of them is found.
        var ratio = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Log(MinTemperature), Math.Log(MaxTemperature));
        while (high - low > 1e-4)
        {
            var left = high - (ratio * (high - low));
            var right = low + (ratio * (high - low));
            if (Cost(left) < Cost(right))
            {
                high = right;
            }
            else
            {
                low = left;
            }
        }

        return Math.Round(Math.Exp((low + high) / 2), 4);
    }

    /// <summary>Fifteen equal bins of the winning probability: what was promised and what was kept.</summary>
    public static IReadOnlyList<ReliabilityBin> Bins(Predictions predictions, double temperature)
    {
        var confidences = new double[BinCount];
        var right = new int[BinCount];
        var rows = new int[BinCount];
        for (var row = 0; row < predictions.Count; row++)
        {
            var confidence = predictions.Probabilities(row, temperature).Max();
            var bin = Math.Min((int)(confidence * BinCount), BinCount - 1);
            confidences[bin] += confidence;
            right[bin] += predictions.Predicted(row) == predictions.Expected[row] ? 1 : 0;
            rows[bin]++;
        }

        return [.. Enumerable.Range(0, BinCount).Select(bin => new ReliabilityBin(
            (double)bin / BinCount, (double)(bin + 1) / BinCount, rows[bin], Mean(confidences[bin], rows[bin]), Mean(right[bin], rows[bin])))];
    }

    /// <summary>Expected calibration error: the mean gap between promise and fact, weighted by rows. 0 is perfect, 1 the worst.</summary>
    public static double ExpectedError(IReadOnlyList<ReliabilityBin> bins) =>
        bins.Sum(bin => bin.Rows * Math.Abs(bin.Confidence - bin.Accuracy)) / bins.Sum(bin => bin.Rows);

    private static double Mean(double sum, int rows) => rows == 0 ? 0 : sum / rows;
}

/// <summary>The rows whose winning probability lies from <paramref name="From"/> to <paramref name="To"/>.</summary>
/// <param name="Confidence">Mean winning probability; 0 where there are no rows.</param>
/// <param name="Accuracy">Share of the rows that were right; 0 where there are none.</param>
internal sealed record ReliabilityBin(double From, double To, int Rows, double Confidence, double Accuracy);
