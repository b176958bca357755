using Azure.Data.Tables;

namespace Serverless.Storage;

/// <summary>Text in string properties of a table row.</summary>
/// <remarks>A property takes at most 32,768 UTF-16 characters, and a row 1 MiB, by the service's data model.</remarks>
internal static class TableText
{
    public const int MaxCharacters = 30_000;

    /// <summary>The maximum length of a text in several properties. Leaves room in the row for two other texts.</summary>
    public const int MaxTotalCharacters = 12 * MaxCharacters;

    /// <summary>The beginning of a text, as much as a property takes.</summary>
    public static string? Shorten(string? text) => text.Truncate(MaxCharacters);

    /// <summary>Writes a text into a property and, if it is too long for one, into further properties: <c>Name</c>, <c>Name2</c> and so on.</summary>
    public static void WriteLong(TableEntity row, string name, string text)
    {
        for (var part = 0; part * MaxCharacters < text.Length; part++)
        {
            row[PartName(name, part)] = text.Substring(part * MaxCharacters, Math.Min(MaxCharacters, text.Length - (part * MaxCharacters)));
        }
    }

    /// <summary>Reads what <see cref="WriteLong"/> has written.</summary>
    public static string ReadLong(TableEntity row, string name) =>
        string.Concat(Enumerable.Range(0, MaxTotalCharacters / MaxCharacters).Select(part => row.GetString(PartName(name, part))));

    private static string PartName(string name, int part) => part == 0 ? name : $"{name}{part + 1}";
}
