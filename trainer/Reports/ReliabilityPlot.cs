using System.Globalization;
using ScottPlot;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Reports;

/// <summary>Draws the reliability diagram: confidence against accuracy, and the distribution of the scores.</summary>
internal static class ReliabilityPlot
{
    // With fewer rows the accuracy of a bin is mostly chance.
    private const int MinRows = 5;

    public static byte[] Draw(IReadOnlyList<ReliabilityBin> bins, IReadOnlyList<ReliabilityBin> uncalibrated, PlotTheme theme) =>
        theme.DrawPng(1040, 420, [Reliability(bins, uncalibrated, theme), Scores(bins, theme)]);

    internal static Plot Reliability(IReadOnlyList<ReliabilityBin> bins, IReadOnlyList<ReliabilityBin> uncalibrated, PlotTheme theme)
    {
        var plot = theme.CreatePlot("Reliability", "score of the predicted label", "accuracy");
        plot.Add.Bars(bins.Where(bin => bin.Rows >= MinRows).Select(bin => new Bar
        {
            Position = (bin.From + bin.To) / 2,
            Value = bin.Accuracy,
            Size = bin.To - bin.From,
            FillColor = theme.Tint(theme.Accent, .45),
            LineColor = theme.Background,
        }).ToArray());

        var ideal = plot.Add.Line(0, 0, 1, 1);
        ideal.LineColor = theme.Faint;
        ideal.LinePattern = LinePattern.DenselyDashed;
        ideal.LineWidth = 1.5f;
        ideal.LegendText = "perfect calibration";
        AddCurve(plot, uncalibrated, theme.Second, "before calibration");
        AddCurve(plot, bins, theme.Accent, "calibrated");
        AddFewRows(plot, bins, theme.Accent);
        // Points can be anywhere from 0 to 1, so the legend is above.
        plot.Axes.SetLimits(0, 1, -0.03, 1.3);
        double[] shares = [0, .2, .4, .6, .8, 1];
        plot.Axes.Left.SetTicks(shares, [.. shares.Select(share => share.ToString("0.#", CultureInfo.InvariantCulture))]);
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.OutlineWidth = 0;
        plot.ShowLegend(Alignment.UpperLeft);
        return plot;
    }

    private static Plot Scores(IReadOnlyList<ReliabilityBin> bins, PlotTheme theme)
    {
        var plot = theme.CreatePlot("Scores", "score of the predicted label", "held-out rows");
        plot.Add.Bars(bins.Select(bin => new Bar
        {
            Position = (bin.From + bin.To) / 2,
            Value = bin.Rows,
            Size = bin.To - bin.From,
            FillColor = theme.Tint(theme.Accent, .75),
            LineColor = theme.Background,
        }).ToArray());
        PlotTheme.UseIntegerTicks(plot);
        plot.Axes.SetLimits(0, 1, 0, Math.Max(1, bins.Max(bin => bin.Rows)) * 1.05);
        return plot;
    }

    private static void AddCurve(Plot plot, IReadOnlyList<ReliabilityBin> bins, Color colour, string name)
    {
        var points = bins.Where(bin => bin.Rows >= MinRows).Select(Place).ToArray();
        if (points.Length > 0)
        {
            var curve = plot.Add.Scatter(points, colour);
            curve.LineWidth = points.Length > 1 ? 2 : 0;
            curve.MarkerSize = 7;
            curve.LegendText = name;
        }
    }

    private static void AddFewRows(Plot plot, IReadOnlyList<ReliabilityBin> bins, Color colour)
    {
        var points = bins.Where(bin => bin.Rows is > 0 and < MinRows).Select(Place).ToArray();
        if (points.Length > 0)
        {
            var markers = plot.Add.Markers(points, MarkerShape.OpenCircle, 7, colour);
            markers.LegendText = $"fewer than {MinRows} rows";
        }
    }

    private static Coordinates Place(ReliabilityBin bin) => new(bin.Confidence, bin.Accuracy);
}
