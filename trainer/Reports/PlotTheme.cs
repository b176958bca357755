using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace Serverless.Trainer.Reports;

/// <summary>The colours of the plots, and what all plots have in common.</summary>
internal sealed record PlotTheme(Color Background, Color Text, Color Faint, Color Grid, Color Accent, Color Second, Color Wrong)
{
    // Twice the pixels, for high-density screens.
    private const float Scale = 2;

    public static PlotTheme Light { get; } = new(
        Color.FromHex("#ffffff"), Color.FromHex("#1f2430"), Color.FromHex("#8a93a5"), Color.FromHex("#e8ebf1"),
        Color.FromHex("#2563c9"), Color.FromHex("#d9822b"), Color.FromHex("#c9372c"));

    public static PlotTheme Dark { get; } = new(
        Color.FromHex("#161a22"), Color.FromHex("#e4e8f0"), Color.FromHex("#8a93a5"), Color.FromHex("#2a303c"),
        Color.FromHex("#6ea8ff"), Color.FromHex("#f0a95a"), Color.FromHex("#ff7b6e"));

    /// <summary>Creates an empty plot in these colours.</summary>
    public Plot CreatePlot(string title, string x, string y)
    {
        var plot = new Plot();
        PlotFonts.Apply(plot);
        plot.FigureBackground.Color = Background;
        plot.DataBackground.Color = Background;
        plot.Axes.Color(Text);
        plot.Axes.FrameColor(Grid);
        // The right margin holds only half of the last tick label.
        plot.Axes.Right.MinimumSize = 24;
        plot.Axes.Left.MinimumSize = 72;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = Grid;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Legend.BackgroundColor = Background.WithAlpha(.85);
        plot.Legend.FontColor = Text;
        plot.Legend.OutlineColor = Grid;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.FontSize = 12;
        plot.Title(title, 15);
        plot.XLabel(x, 12);
        plot.YLabel(y, 12);
        foreach (var axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
        {
            axis.TickLabelStyle.FontSize = 12;
            axis.Label.Bold = false;
            axis.Label.ForeColor = Faint;
            axis.MajorTickStyle.Color = Grid;
            axis.MinorTickStyle.Length = 0;
        }

        plot.Axes.Title.Label.ForeColor = Text;
        return plot;
    }

    /// <summary>Integer ticks on the left axis, which counts articles.</summary>
    public static void UseIntegerTicks(Plot plot) => plot.Axes.Left.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };

    /// <summary>Draws plots side by side as one PNG.</summary>
    /// <param name="width">Width of the whole image, before scaling.</param>
    public byte[] DrawPng(int width, int height, params IReadOnlyList<Plot> panels)
    {
        using var surface = CreateSurface(width, height);
        foreach (var (i, panel) in panels.Index())
        {
            using var part = CreateSurface((float)width / panels.Count, height);
            panel.ScaleFactor = Scale;
            panel.Render(part);
            using var snapshot = part.Snapshot();
            surface.Canvas.DrawImage(snapshot, i * width * Scale / panels.Count, 0);
            panel.Dispose();
        }

        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>Mixes a colour with the background.</summary>
    /// <param name="strength">From 0 (background) to 1 (the colour).</param>
    public Color Tint(Color colour, double strength) => Background.MixedWith(colour, strength);

    private SKSurface CreateSurface(float width, float height)
    {
        var surface = SKSurface.Create(new SKImageInfo((int)(width * Scale), (int)(height * Scale)));
        surface.Canvas.Clear(Background.ToSKColor());
        return surface;
    }
}
