using System.Text.RegularExpressions;
using Serverless.Storage;

namespace Serverless.InfraTests.Bicep;

/// <summary>The settings that the code reads by name, found in the sources.</summary>
internal static partial class SettingsRead
{
    /// <param name="projects">Folders of the repository.</param>
    /// <returns>Names of environment variables.</returns>
    public static IEnumerable<string> By(params string[] projects) =>
        from project in projects
        where Directory.Exists(Repository.PathOf(project))
        from file in Directory.EnumerateFiles(Repository.PathOf(project), "*.cs", SearchOption.AllDirectories)
        from match in Read().Matches(File.ReadAllText(file))
        select Name(match);

    private static string Name(Match match) =>
        match.Groups["section"].Success
            ? $"{StorageNames.Connection}__{match.Groups["section"].Value}"
            : match.Groups["name"].Value.Replace(":", "__", StringComparison.Ordinal);

    [GeneratedRegex(@"section\[""(?<section>\w+)""\]|[cC]onfiguration\[""(?<name>[\w:]+)""\]|GetValue<[^>]+>\(""(?<name>[\w:]+)""|GetEnvironmentVariable\(""(?<name>\w+)""")]
    private static partial Regex Read();
}
