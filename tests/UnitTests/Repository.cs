namespace Serverless.UnitTests;

/// <summary>Where the sources are: tests read fixtures, and data that is too large to copy, from there.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The golden fixtures of tests/reference.</summary>
    public static string Fixture(params string[] parts) => Path.Combine([Root, "tests", "reference", "fixtures", .. parts]);

    /// <summary>The data that stays out of the repository; null where it is absent.</summary>
    public static string? Data { get; } =
        new[] { Environment.GetEnvironmentVariable("SERVERLESS_DATA"), Path.Combine(Root, "..", "shared", "data") }
            .FirstOrDefault(Directory.Exists);

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "Serverless.sln"))
        ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Serverless.sln was not found above the tests."));
}
