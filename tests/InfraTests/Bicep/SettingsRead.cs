using System.Text.RegularExpressions;
using Serverless.Storage;

namespace Serverless.InfraTests.Bicep;

/// <summary>The settings that code asks its configuration for by name, found in the sources.</summary>
internal static partial class SettingsRead
{
    /// <param name="rooms">Folders of the repository.</param>
    /// <returns>Names as environment variables spell them.</returns>
    public static IEnumerable<string> By(params string[] rooms) =>
        from room in rooms
        where Directory.Exists(Repository.PathOf(room))
        from file in Directory.EnumerateFiles(Repository.PathOf(room), "*.cs", SearchOption.AllDirectories)
        from match in Read().Matches(File.ReadAllText(file))
        select Name(match);

    private static string Name(Match match) =>
        match.Groups["section"].Success
            ? $"{StorageNames.Connection}__{match.Groups["section"].Value}"
            : match.Groups["name"].Value.Replace(":", "__", StringComparison.Ordinal);

    [GeneratedRegex(@"section\[""(?<section>\w+)""\]|[cC]onfiguration\[""(?<name>[\w:]+)""\]|GetValue<[^>]+>\(""(?<name>[\w:]+)""|GetEnvironmentVariable\(""(?<name>\w+)""")]
    private static partial Regex Read();
}
