using System.Diagnostics.CodeAnalysis;

namespace Serverless.Storage;

/// <summary>Truncates text for places that hold a limited number of characters.</summary>
internal static class StringTruncation
{
    /// <summary>The beginning of a text, with at most as many UTF-16 characters. Does not cut a surrogate pair.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Truncate(this string? text, int maxCharacters) => text is not null && text.Length > maxCharacters
        ? text[..(char.IsHighSurrogate(text[maxCharacters - 1]) ? maxCharacters - 1 : maxCharacters)]
        : text;
}
