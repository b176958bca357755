namespace Serverless.Trainer.Evaluation;

/// <summary>
/// How far a score can be read as a probability, and the one number that mends it: logits are divided by a temperature
/// fitted on held-out rows (Guo et al. 2017, "On Calibration of Modern Neural Networks"). It never changes the chosen label.
/// </summary>
internal static class Calibration
{
    private const int Bins = 15;

    // A handful of rows, all of them right, would ask for certainty.
    private const int FewestRowsToFit = 50;
    private const double Coolest = 0.5;
    private const double Hottest = 5;

    /// <summary>The temperature with the lowest cross-entropy; 1 where there are too few rows to tell.</summary>
    public static double FitTemperature(Predictions predictions)
    {
        if (predictions.Count < FewestRowsToFit)
        {
            return 1;
        }

        // Golden-section search over log T: the cross-entropy has one minimum in 1/T.
        var ratio = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Log(Coolest), Math.Log(Hottest));
        while (high - low > 1e-4)
        {
            var left = high - (ratio * (high - low));
            var right = low + (ratio * (high - low));
            if (predictions.Loss(Math.Exp(left)) < predictions.Loss(Math.Exp(right)))
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

    /// <summary>Expected calibration error over 15 equal bins of the winning probability: 0 is perfect, 1 the worst.</summary>
    public static double ExpectedError(Predictions predictions, double temperature)
    {
        var gaps = new double[Bins];
        for (var row = 0; row < predictions.Count; row++)
        {
            var confidence = predictions.Probabilities(row, temperature).Max();
            var right = predictions.Predicted(row) == predictions.Expected[row] ? 1 : 0;
            gaps[Math.Min((int)(confidence * Bins), Bins - 1)] += confidence - right;
        }

        return gaps.Sum(Math.Abs) / predictions.Count;
    }
}
