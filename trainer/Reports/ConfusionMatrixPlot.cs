using System.Globalization;
using ScottPlot;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Reports;

/// <summary>
/// Draws the confusion matrix: expected labels as rows, predicted labels as columns. Cells are tinted by their share of the row,
/// correct ones blue, errors red.
/// </summary>
internal static class ConfusionMatrixPlot
{
    // With more labels the numbers no longer fit into the cells.
    private const int LabelsWithShares = 8;
    private const int LabelsWithCounts = 25;
    private const int MaxLabelLength = 22;

    // With more labels only those with the most errors are drawn.
    private const int MaxLabels = 60;
    private const int MostConfusedLabels = 40;

    public static byte[] Draw(ClassificationMetrics metrics, PlotTheme theme)
    {
        var shown = Shown(metrics);
        var labels = shown.Select(i => Truncate(PlotFonts.Drawable(metrics.PerLabel[i].Label, $"label {i + 1}"))).ToArray();
        var title = shown.Length == metrics.PerLabel.Count ? "Confusion matrix" : $"Confusion matrix of the {shown.Length} labels with the most errors";
        var plot = theme.CreatePlot(title, "predicted", "expected");
        foreach (var (y, right) in shown.Index())
        {
            var rows = metrics.ConfusionMatrix[right].Sum();
            foreach (var (x, predicted) in shown.Index())
            {
                AddCell(plot, theme, shown.Length, x, y, metrics.ConfusionMatrix[right][predicted], rows);
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
            plot.Axes.Right.MinimumSize = longest * 5f;
        }

        var size = cell * labels.Length;
        return theme.DrawPng(size + 110 + (longest * 8), size + 110 + (longest * 5), plot);
    }

    private static void AddCell(Plot plot, PlotTheme theme, int labels, int x, int y, int count, int rows)
    {
        var share = rows == 0 ? 0 : (double)count / rows;
        var rectangle = plot.Add.Rectangle(x - 0.5, x + 0.5, y - 0.5, y + 0.5);
        // The square root lifts the few errors of a good model out of the background.
        rectangle.FillColor = count == 0 ? theme.Background : theme.Tint(x == y ? theme.Accent : theme.Wrong, 0.08 + (0.85 * Math.Sqrt(share)));
        rectangle.LineColor = theme.Grid;
        rectangle.LineWidth = 1;
        if (labels > LabelsWithCounts || count == 0)
        {
            return;
        }

        var shares = labels <= LabelsWithShares;
        var text = plot.Add.Text(count.ToString("N0", CultureInfo.InvariantCulture), x, y);
        text.LabelStyle.Alignment = Alignment.MiddleCenter;
        text.LabelStyle.FontSize = shares ? 16 : 11;
        text.LabelStyle.Bold = x == y;
        text.LabelStyle.ForeColor = share > 0.3 ? theme.Background : theme.Text;
        if (shares)
        {
            text.LabelStyle.OffsetY = -8;
            var percent = plot.Add.Text(share.ToString("0.0 %", CultureInfo.InvariantCulture), x, y);
            percent.LabelStyle.Alignment = Alignment.MiddleCenter;
            percent.LabelStyle.FontSize = 11;
            percent.LabelStyle.OffsetY = 12;
            percent.LabelStyle.ForeColor = text.LabelStyle.ForeColor;
        }
    }

    private static int[] Shown(ClassificationMetrics metrics)
    {
        var all = Enumerable.Range(0, metrics.PerLabel.Count);
        return metrics.PerLabel.Count <= MaxLabels
            ? [.. all]
            : [.. all.OrderByDescending(i => metrics.ConfusionMatrix[i].Sum() - metrics.ConfusionMatrix[i][i]).Take(MostConfusedLabels).Order()];
    }

    private static string Truncate(string label) => label.Length <= MaxLabelLength ? label : $"{label[..(MaxLabelLength - 1)]}…";
}
