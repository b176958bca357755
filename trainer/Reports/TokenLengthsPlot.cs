using System.Globalization;
using ScottPlot;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Reports;

/// <summary>Draws the histogram of token lengths, with the limit and two percentiles.</summary>
internal static class TokenLengthsPlot
{
    private const int MaxBins = 60;

    /// <param name="limit">The <c>max_length</c> to mark; null for none.</param>
    public static byte[] Draw(TokenLengths lengths, int? limit, PlotTheme theme)
    {
        var plot = theme.CreatePlot("Token lengths", "tokens", "articles");
        var bins = lengths.Histogram(MaxBins);
        plot.Add.Bars(bins.Select(bin => new Bar
        {
            Position = bin.From + (bin.Width / 2.0),
            Value = bin.Articles,
            Size = bin.Width,
            FillColor = limit < bin.To - 1 ? theme.Tint(theme.Wrong, .7) : theme.Tint(theme.Accent, .75),
            LineColor = theme.Background,
        }).ToArray());

        if (bins[^1].To > bins[^1].From + bins[^1].Width)
        {
            var more = plot.Add.Text("and more", bins[^1].From + bins[^1].Width, bins[^1].Articles);
            more.LabelStyle.Alignment = Alignment.LowerRight;
            more.LabelStyle.FontSize = 12;
            more.LabelStyle.ForeColor = theme.Faint;
            more.LabelStyle.OffsetY = -4;
        }

        var maxArticles = Math.Max(1, bins.Max(bin => bin.Articles));
        var (begin, end) = (bins[0].From, bins[^1].From + bins[^1].Width);
        bool IsFarRight(int tokens) => tokens > begin + ((end - begin) * .85);
        AddMark(plot, lengths.Percentile(.5), "median", 0, LinePattern.Dotted, theme.Text);
        AddMark(plot, lengths.Percentile(.95), "95 %", 1, LinePattern.Dotted, theme.Text);
        if (limit > begin && limit < end)
        {
            AddMark(plot, limit.Value, "max_length", 2, LinePattern.Dashed, theme.Wrong);
        }

        PlotTheme.UseIntegerTicks(plot);
        plot.Axes.SetLimits(begin, end, 0, maxArticles * 1.3);
        return theme.DrawPng(1040, 340, plot);

        void AddMark(Plot plot, int tokens, string name, int row, LinePattern pattern, Color color)
        {
            var line = plot.Add.Line(tokens, 0, tokens, maxArticles * 1.28);
            line.LineColor = color;
            line.LineWidth = 1.5f;
            line.LinePattern = pattern;
            var text = plot.Add.Text(string.Create(CultureInfo.InvariantCulture, $"{name} {tokens}"), tokens, maxArticles * (1.27 - (row * .08)));
            text.LabelStyle.Alignment = IsFarRight(tokens) ? Alignment.UpperRight : Alignment.UpperLeft;
            text.LabelStyle.FontSize = 12;
            text.LabelStyle.ForeColor = color;
            text.LabelStyle.OffsetX = IsFarRight(tokens) ? -5 : 5;
        }
    }
}
