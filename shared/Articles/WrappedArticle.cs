using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Recognizes plain text that is an article in a wrapping that its sender did not mean to send.</summary>
/// <remarks>
/// The label of such a text would be that of its brackets and quotation marks. A text that only begins like a wrapping, such as
/// <c>[Reuters] The bank …</c>, is not one.
/// </remarks>
internal static class WrappedArticle
{
    // The shortest text whose Base64 a sender can have encoded twice. Of random words with as many letters, one in 100,000 decodes to text.
    private const int MinBase64Length = 16;

    /// <param name="text">A message that does not begin with a brace.</param>
    /// <param name="reason">What the text is, for its sender; null if it is not wrapped.</param>
    public static bool IsFound(string text, [NotNullWhen(true)] out string? reason)
    {
        var trimmed = text.AsSpan().Trim("\uFEFF \t\r\n");
        reason = trimmed switch
        {
            ['b', '\'', .., '\''] or ['b', '"', .., '"'] => "The message is a Python bytes literal (b'…'). Encode the bytes themselves in Base64.",
            ['[' or '"' or '-' or (>= '0' and <= '9'), ..] or "null" or "true" or "false" => DescribeJson(trimmed),
            _ => IsBase64OfText(trimmed) ? "The message is Base64 of Base64: it was encoded twice. Encode it once." : null,
        };
        return reason is not null;
    }

    private static string? DescribeJson(ReadOnlySpan<char> text)
    {
        try
        {
            using var document = JsonDocument.Parse(text.ToString());
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Array => "The message is a JSON array. Send one message for each article.",
                JsonValueKind.String => DescribeString(document.RootElement),
                var kind => $"The message is the JSON value {kind.ToString().ToLowerInvariant()}. Send an object with an 'id' and a 'text', or plain text.",
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <remarks>A text in quotation marks is an article, unless there is JSON in them.</remarks>
    private static string? DescribeString(JsonElement json)
    {
        try
        {
            return json.GetString()!.AsSpan().TrimStart() is ['{' or '[', ..]
                ? "The message is JSON inside a JSON string: it was serialized twice. Serialize it once."
                : null;
        }
        catch (InvalidOperationException)
        {
            return null; // an escaped half of a surrogate pair
        }
    }

    private static bool IsBase64OfText(ReadOnlySpan<char> text)
    {
        var buffer = new byte[text.Length];
        return text.Length >= MinBase64Length
            && Convert.TryFromBase64Chars(text, buffer, out var length)
            && StrictUtf8.TryDecode(buffer.AsSpan(0, length), out var decoded, out _)
            && !decoded.Any(c => char.IsControl(c) && !char.IsWhiteSpace(c));
    }
}
