using Serverless.Trainer.Reports;
using SkiaSharp;

namespace Serverless.UnitTests.Trainer.Reports;

public sealed class PlotThemeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_panel_of_a_picture_is_drawn_in_its_place(int panels)
    {
        var plots = Enumerable.Range(0, panels).Select(i =>
        {
            var plot = PlotTheme.Light.CreatePlot($"Panel {i}", "x", "y");
            plot.Add.Line(0, 0, 1, 1);
            return plot;
        });

        using var picture = SKBitmap.Decode(PlotTheme.Light.DrawPng(300 * panels, 200, [.. plots]));

        Assert.Equal((600 * panels, 400), (picture.Width, picture.Height));
        // The line from corner to corner crosses the middle of its panel.
        Assert.All(Enumerable.Range(0, panels), panel => Assert.True(HasInk(picture, (600 * panel) + 200, (600 * panel) + 400), $"Panel {panel} is empty."));
    }

    private static bool HasInk(SKBitmap picture, int left, int right) =>
        (from x in Enumerable.Range(left, right - left)
         from y in Enumerable.Range(150, 100)
         select picture.GetPixel(x, y)).Any(pixel => pixel.Red < 100 || pixel.Green < 150);
}
