namespace Serverless.Storage;

/// <summary>Text in a string property of a table row.</summary>
/// <remarks>A property takes at most 32,768 UTF-16 characters, by the service's data model.</remarks>
internal static class TableText
{
    public const int MaxCharacters = 30_000;

    public static string? Shorten(string? text) => text is { Length: > MaxCharacters } ? text[..MaxCharacters] : text;
}
