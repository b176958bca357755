using ScottPlot;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Reports;

/// <summary>Draws the learning curves: loss on the left, held-out accuracy on the right, where the best checkpoint is marked.</summary>
internal static class LearningCurvesPlot
{
    public static byte[] Draw(TrainingSummary training, PlotTheme theme) => theme.DrawPng(1040, 360, [Loss(training, theme), Accuracy(training, theme)]);

    internal static Plot Loss(TrainingSummary training, PlotTheme theme)
    {
        var plot = theme.CreatePlot("Loss", "step", "cross-entropy");
        Coordinates[] points = [.. training.Curve.Where(point => double.IsFinite(point.Loss)).Select(point => new Coordinates(point.Step, point.Loss))];
        if (points.Length > 0)
        {
            plot.Add.ScatterLine(points, theme.Accent.WithAlpha(.3)).LineWidth = 1;
            var smooth = plot.Add.ScatterLine(Smoothed(points), theme.Accent);
            smooth.LineWidth = 2.5f;
            smooth.LegendText = "training, smoothed";
        }

        var heldOut = HeldOut(training, point => point.Loss);
        AddHeldOut(plot, heldOut, theme);
        var highest = points.Concat(heldOut).Select(point => point.Y).DefaultIfEmpty(0).Max();
        plot.Axes.SetLimits(0, training.Steps * 1.03, 0, highest > 0 ? highest * 1.08 : 1);
        AddLegend(plot, Alignment.UpperRight);
        return plot;
    }

    internal static Plot Accuracy(TrainingSummary training, PlotTheme theme)
    {
        var plot = theme.CreatePlot("Held-out accuracy", "step", "accuracy");
        AddHeldOut(plot, HeldOut(training, point => point.Accuracy), theme);
        if (Evaluations(training).FirstOrDefault(point => point.Step == training.BestStep) is { } best)
        {
            var marker = plot.Add.Scatter(best.Step, best.Accuracy, theme.Accent);
            marker.MarkerSize = 13;
            marker.MarkerShape = MarkerShape.OpenCircle;
            marker.LegendText = $"best: step {best.Step}";
            marker.LineWidth = 0;
            marker.MarkerLineWidth = 2.5f;
        }

        var (lowest, highest) = Range([.. Evaluations(training).Select(point => point.Accuracy)]);
        plot.Axes.SetLimits(0, training.Steps * 1.03, lowest, highest);
        AddLegend(plot, Alignment.LowerRight);
        return plot;
    }

    // The range of the values with a margin; from 0 to 1 for a single value.
    private static (double Lowest, double Highest) Range(double[] values)
    {
        const double whole = 1.02;
        if (values.Length < 2)
        {
            return (0, whole);
        }

        var margin = Math.Max(0.02, 0.25 * (values.Max() - values.Min()));
        return (Math.Max(0, values.Min() - margin), Math.Min(whole, values.Max() + margin));
    }

    private static Coordinates[] HeldOut(TrainingSummary training, Func<EvaluationPoint, double> value) =>
        [.. Evaluations(training).Where(point => double.IsFinite(value(point))).Select(point => new Coordinates(point.Step, value(point)))];

    private static void AddHeldOut(Plot plot, Coordinates[] points, PlotTheme theme)
    {
        if (points.Length > 0)
        {
            var line = plot.Add.Scatter(points, theme.Second);
            line.LineWidth = 2;
            line.MarkerSize = 7;
            line.LegendText = "held out";
        }
    }

    private static IEnumerable<EvaluationPoint> Evaluations(TrainingSummary training) =>
        training.Curve.Select(point => point.HeldOut).OfType<EvaluationPoint>();

    private static Coordinates[] Smoothed(Coordinates[] points)
    {
        var around = Math.Max(1, points.Length / 30);
        return [.. points.Select((point, i) => new Coordinates(
            point.X, points[Math.Max(0, i - around)..Math.Min(points.Length, i + around + 1)].Average(near => near.Y)))];
    }

    private static void AddLegend(Plot plot, Alignment corner) => plot.ShowLegend(corner);
}
