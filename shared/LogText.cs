using System.Globalization;
using System.Text;

namespace Serverless;

/// <summary>Text from other people in a log of lines.</summary>
public static class LogText
{
    /// <summary>Replaces line breaks, other control characters and invisible format characters by escapes such as <c>\n</c> and <c>\u001b</c>.</summary>
    /// <remarks>
    /// Senders choose the ids of articles and the names of data sets. Without this, a line break in one writes a line of its own, a control
    /// sequence of a terminal hides or colours lines, and U+202E turns the direction of the text around.
    /// </remarks>
    public static string Escape(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                _ when IsInvisible(c) => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }

    private static bool IsInvisible(char c) => char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
