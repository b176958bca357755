using System.Reflection;

namespace Serverless.Tests;

/// <summary>Where the repository and the programs under test lie.</summary>
internal static class Repository
{
    public static string Folder { get; } = Metadata("Repository");

    public static string LocalSystem { get; } = Metadata("LocalSystem");

    public static string FunctionApp { get; } = Metadata("FunctionApp");

    public static string Trainer { get; } = Metadata("Trainer");

    public static string Emulator { get; } = Path.Combine(Folder, "infra/local/emulator/start.mjs");

    public static string Sample(string file) => Path.Combine(Folder, "infra/local/samples", file);

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
