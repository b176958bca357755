using System.Globalization;
using ScottPlot;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Reports;

/// <summary>Whether scores can be read as probabilities: promised against kept, and how often each score is given.</summary>
internal static class ReliabilityPlot
{
    // The share right of fewer rows is a matter of chance.
    private const int MinRows = 5;

    public static byte[] Draw(IReadOnlyList<ReliabilityBin> bins, IReadOnlyList<ReliabilityBin> uncalibrated, PlotTheme theme) =>
        theme.Png(1040, 420, [Reliability(bins, uncalibrated, theme), Scores(bins, theme)]);

    internal static Plot Reliability(IReadOnlyList<ReliabilityBin> bins, IReadOnlyList<ReliabilityBin> uncalibrated, PlotTheme theme)
    {
        var plot = theme.NewPlot("Reliability", "score of the given label", "share right");
        plot.Add.Bars(bins.Where(bin => bin.Rows >= MinRows).Select(bin => new Bar
        {
            Position = (bin.From + bin.To) / 2,
            Value = bin.Accuracy,
            Size = bin.To - bin.From,
            FillColor = theme.Tint(theme.Accent, .45),
            LineColor = theme.Background,
        }).ToArray());

        var ideal = plot.Add.Line(0, 0, 1, 1);
        (ideal.LineColor, ideal.LinePattern, ideal.LineWidth, ideal.LegendText) = (theme.Faint, LinePattern.DenselyDashed, 1.5f, "as promised");
        AddCurve(plot, uncalibrated, theme.Second, "before calibration");
        AddCurve(plot, bins, theme.Accent, "calibrated");
        AddFewRows(plot, bins, theme.Accent);
        // Points may lie anywhere from 0 to 1: the legend has the room above.
        plot.Axes.SetLimits(0, 1, -0.03, 1.3);
        double[] shares = [0, .2, .4, .6, .8, 1];
        plot.Axes.Left.SetTicks(shares, [.. shares.Select(share => share.ToString("0.#", CultureInfo.InvariantCulture))]);
        (plot.Legend.Orientation, plot.Legend.OutlineWidth) = (Orientation.Horizontal, 0);
        plot.ShowLegend(Alignment.UpperLeft);
        return plot;
    }

    private static Plot Scores(IReadOnlyList<ReliabilityBin> bins, PlotTheme theme)
    {
        var plot = theme.NewPlot("Scores", "score of the given label", "held-out rows");
        plot.Add.Bars(bins.Select(bin => new Bar
        {
            Position = (bin.From + bin.To) / 2,
            Value = bin.Rows,
            Size = bin.To - bin.From,
            FillColor = theme.Tint(theme.Accent, .75),
            LineColor = theme.Background,
        }).ToArray());
        PlotTheme.CountOnLeftAxis(plot);
        plot.Axes.SetLimits(0, 1, 0, Math.Max(1, bins.Max(bin => bin.Rows)) * 1.05);
        return plot;
    }

    private static void AddCurve(Plot plot, IReadOnlyList<ReliabilityBin> bins, Color colour, string name)
    {
        var points = bins.Where(bin => bin.Rows >= MinRows).Select(Place).ToArray();
        if (points.Length > 0)
        {
            var curve = plot.Add.Scatter(points, colour);
            (curve.LineWidth, curve.MarkerSize, curve.LegendText) = (points.Length > 1 ? 2 : 0, 7, name);
        }
    }

    private static void AddFewRows(Plot plot, IReadOnlyList<ReliabilityBin> bins, Color colour)
    {
        var points = bins.Where(bin => bin.Rows is > 0 and < MinRows).Select(Place).ToArray();
        if (points.Length > 0)
        {
            var markers = plot.Add.Markers(points, MarkerShape.OpenCircle, 7, colour);
            markers.LegendText = $"under {MinRows} rows";
        }
    }

    private static Coordinates Place(ReliabilityBin bin) => new(bin.Confidence, bin.Accuracy);
}
