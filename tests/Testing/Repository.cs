using System.Reflection;

namespace Serverless.Testing;

/// <summary>Paths of the repository and of the programs that were built in it.</summary>
public static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = Metadata(nameof(Root));

    /// <summary>The folder of everything that is built.</summary>
    public static string Artifacts { get; } = Metadata(nameof(Artifacts));

    /// <summary>The program of the local system.</summary>
    public static string LocalSystem { get; } = Built("Local", "Serverless.Local.dll");

    /// <summary>The folder of the function app.</summary>
    public static string FunctionApp { get; } = Built("Functions");

    /// <summary>The trainer's program.</summary>
    public static string Trainer { get; } = Built("Trainer", "trainer.dll");

    /// <summary>Data sets that are not in the repository; null where they are absent.</summary>
    public static string? Data { get; } =
        new[] { Environment.GetEnvironmentVariable("SERVERLESS_DATA"), PathOf("../shared/data") }.FirstOrDefault(Directory.Exists);

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    /// <summary>A file of the samples that the local system brings.</summary>
    public static string Sample(string file) => Path.Combine(Root, "infra/local/samples", file);

    /// <summary>A golden fixture of tests/reference.</summary>
    public static string Fixture(params string[] parts) => Path.Combine([Root, "tests/reference/fixtures", .. parts]);

    private static string Built(string project, string file = "") =>
        Path.Combine(Artifacts, "bin", project, Metadata("Configuration"), file);

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
