using System.Reflection;
using ScottPlot;
using SkiaSharp;

namespace Serverless.Trainer.Reports;

/// <summary>
/// The fonts of the plots, embedded in the program: containers have no fonts, and a plot without a font shows boxes. Other scripts
/// (Chinese, for example) are drawn with a font of the machine if it has one.
/// </summary>
internal sealed class PlotFonts : IFontResolver
{
    private const string Name = "Open Sans";

    private readonly SKTypeface regular = Load("OpenSans-Regular.ttf");
    private readonly SKTypeface semibold = Load("OpenSans-Semibold.ttf");

    private PlotFonts()
    {
    }

    private static PlotFonts Instance { get; } = Register();

    /// <summary>Returns the text if the embedded font has its characters, otherwise the fallback.</summary>
    public static string Drawable(string text, string fallback) => Instance.regular.ContainsGlyphs(text) ? text : fallback;

    public static void Apply(Plot plot)
    {
        plot.Font.Set(Instance.regular.FamilyName);
        plot.Axes.Title.Label.Font = Instance.semibold;
    }

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing width) =>
        fontName == Name ? (weight >= FontWeight.SemiBold ? semibold : regular) : null;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? (bold ? semibold : regular) : null;

    private static PlotFonts Register()
    {
        var fonts = new PlotFonts();
        Fonts.FontResolvers.Insert(0, fonts);
        Fonts.Default = Name;
        return fonts;
    }

    private static SKTypeface Load(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{typeof(PlotFonts).Namespace}.Fonts.{file}")!;
        return SKTypeface.FromStream(stream);
    }
}
