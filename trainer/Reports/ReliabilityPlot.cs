using ScottPlot;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Reports;

/// <summary>Whether scores can be read as probabilities: promised against kept, and how often each score is given.</summary>
internal static class ReliabilityPlot
{
    // The share right of fewer rows is a matter of chance.
    private const int FewestRows = 5;

    public static byte[] Draw(IReadOnlyList<ReliabilityBin> bins, IReadOnlyList<ReliabilityBin> uncalibrated, PlotTheme theme) =>
        theme.Png(1040, 420, [Reliability(bins, uncalibrated, theme), Scores(bins, theme)]);

    private static Plot Reliability(IReadOnlyList<ReliabilityBin> bins, IReadOnlyList<ReliabilityBin> uncalibrated, PlotTheme theme)
    {
        var plot = theme.NewPlot("Reliability", "score of the given label", "share right");
        plot.Add.Bars(bins.Where(bin => bin.Rows >= FewestRows).Select(bin => new Bar
        {
            Position = (bin.From + bin.To) / 2,
            Value = bin.Accuracy,
            Size = bin.To - bin.From,
            FillColor = theme.Tint(theme.Accent, .45),
            LineColor = theme.Background,
        }).ToArray());

        var ideal = plot.Add.Line(0, 0, 1, 1);
        (ideal.LineColor, ideal.LinePattern, ideal.LineWidth, ideal.LegendText) = (theme.Faint, LinePattern.Dashed, 1.5f, "as promised");
        AddCurve(plot, uncalibrated, theme.Second, "before calibration");
        AddCurve(plot, bins, theme.Accent, "calibrated");
        plot.Axes.SetLimits(0, 1, 0, 1.02);
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
        plot.Axes.SetLimits(0, 1, 0, Math.Max(1, bins.Max(bin => bin.Rows)) * 1.05);
        return plot;
    }

    private static void AddCurve(Plot plot, IReadOnlyList<ReliabilityBin> bins, Color colour, string name)
    {
        var curve = plot.Add.Scatter(bins.Where(bin => bin.Rows >= FewestRows).Select(bin => new Coordinates(bin.Confidence, bin.Accuracy)).ToArray(), colour);
        (curve.LineWidth, curve.MarkerSize, curve.LegendText) = (2, 7, name);
    }
}
