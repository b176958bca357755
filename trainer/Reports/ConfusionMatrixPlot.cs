using System.Globalization;
using ScottPlot;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Reports;

/// <summary>The confusion matrix: right labels down, predicted ones across; each row tinted by the share of its label, hits blue and errors red.</summary>
internal static class ConfusionMatrixPlot
{
    // Beyond these a number no longer fits its cell.
    private const int LabelsWithShares = 8;
    private const int LabelsWithCounts = 25;
    private const int LongestLabel = 22;

    public static byte[] Draw(ClassificationMetrics metrics, PlotTheme theme)
    {
        var labels = metrics.PerLabel.Select((label, i) => Shortened(PlotFonts.Drawable(label.Label, $"label {i + 1}"))).ToArray();
        var plot = theme.NewPlot("Confusion matrix", "predicted", "right label");
        for (var right = 0; right < labels.Length; right++)
        {
            var rows = metrics.ConfusionMatrix[right].Sum();
            for (var predicted = 0; predicted < labels.Length; predicted++)
            {
                AddCell(plot, theme, labels.Length, right, predicted, metrics.ConfusionMatrix[right][predicted], rows);
            }
        }

        var places = Enumerable.Range(0, labels.Length).Select(i => (double)i).ToArray();
        plot.Axes.Bottom.SetTicks(places, labels);
        plot.Axes.Left.SetTicks(places, labels);
        plot.Axes.InvertY();
        plot.Axes.SetLimits(-0.5, labels.Length - 0.5, labels.Length - 0.5, -0.5);
        plot.HideGrid();
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.Axes.Left.MajorTickStyle.Length = 0;

        var longest = labels.Max(label => label.Length);
        var cell = Math.Clamp(640 / labels.Length, 18, 110);
        if (longest * 8 > cell)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = 45;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleLeft;
            plot.Axes.Bottom.MinimumSize = (longest * 5.5f) + 40;
        }

        var size = cell * labels.Length;
        return theme.Png(size + 110 + (longest * 8), size + 110 + (longest * 5), plot);
    }

    private static void AddCell(Plot plot, PlotTheme theme, int labels, int right, int predicted, int count, int rows)
    {
        var share = rows == 0 ? 0 : (double)count / rows;
        var rectangle = plot.Add.Rectangle(predicted - 0.5, predicted + 0.5, right - 0.5, right + 0.5);
        // The square root lifts the few errors of a good model out of the background.
        rectangle.FillColor = count == 0 ? theme.Background : theme.Tint(right == predicted ? theme.Accent : theme.Wrong, 0.08 + (0.85 * Math.Sqrt(share)));
        rectangle.LineColor = theme.Grid;
        rectangle.LineWidth = 1;
        if (labels > LabelsWithCounts || count == 0)
        {
            return;
        }

        var shares = labels <= LabelsWithShares;
        var text = plot.Add.Text(count.ToString("N0", CultureInfo.InvariantCulture), predicted, right);
        text.LabelStyle.Alignment = Alignment.MiddleCenter;
        text.LabelStyle.FontSize = shares ? 16 : 11;
        text.LabelStyle.Bold = right == predicted;
        text.LabelStyle.ForeColor = share > 0.3 ? theme.Background : theme.Text;
        if (shares)
        {
            text.LabelStyle.OffsetY = -8;
            var percent = plot.Add.Text(share.ToString("0.0 %", CultureInfo.InvariantCulture), predicted, right);
            percent.LabelStyle.Alignment = Alignment.MiddleCenter;
            percent.LabelStyle.FontSize = 11;
            percent.LabelStyle.OffsetY = 12;
            percent.LabelStyle.ForeColor = text.LabelStyle.ForeColor;
        }
    }

    private static string Shortened(string label) => label.Length <= LongestLabel ? label : $"{label[..(LongestLabel - 1)]}…";
}
