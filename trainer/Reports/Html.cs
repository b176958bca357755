using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Serverless.Trainer.Reports;

/// <summary>
/// A fragment of HTML. Interpolated values are escaped unless they are <see cref="Html"/> themselves, so that the texts and labels
/// of a data set cannot become markup.
/// </summary>
internal readonly record struct Html(string Markup)
{
    public static Html Format(Interpolation html) => new(html.Markup);

    public static Html Each<T>(IEnumerable<T> items, Func<T, Html> html) => new(string.Concat(items.Select(item => html(item).Markup)));

    public static Html When(bool holds, Func<Html> html) => holds ? html() : new("");

    [InterpolatedStringHandler]
    internal readonly struct Interpolation(int literalLength, int formattedCount)
    {
        private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

        private readonly StringBuilder markup = new(literalLength + (formattedCount * 16));

        public string Markup => markup.ToString();

        public void AppendLiteral(string value) => markup.Append(value);

        public void AppendFormatted(Html value) => markup.Append(value.Markup);

        public void AppendFormatted(string? value) => markup.Append(Encoder.Encode(value ?? ""));

        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable => AppendFormatted(value.ToString(format, CultureInfo.InvariantCulture));
    }
}
