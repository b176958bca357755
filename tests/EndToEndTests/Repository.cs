using System.Reflection;

namespace Serverless.EndToEndTests;

/// <summary>Where the repository and the program under test lie.</summary>
internal static class Repository
{
    public static string Folder { get; } = Metadata("Repository");

    public static string LocalSystem { get; } = Metadata("LocalSystem");

    public static string Sample(string file) => Path.Combine(Folder, "infra/local/samples", file);

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
