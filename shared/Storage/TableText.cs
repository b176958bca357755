namespace Serverless.Storage;

/// <summary>What fits into a string property of a table row: 32,768 UTF-16 characters, says the service's data model.</summary>
internal static class TableText
{
    public const int MaxCharacters = 30_000;

    public static string? Shortened(string? text) => text is { Length: > MaxCharacters } ? text[..MaxCharacters] : text;
}
