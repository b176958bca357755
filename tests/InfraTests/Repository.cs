using System.Reflection;
using System.Runtime.Versioning;

// The Bicep package is the one for Linux, and the scripts want bash.
[assembly: SupportedOSPlatform("linux")]

namespace Serverless.InfraTests;

/// <summary>Where this test program was built: the repository, the programs, and the Bicep compiler that came as a package.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>The folder of everything that is built.</summary>
    public static string Artifacts { get; } = Metadata("Artifacts");

    /// <summary>The program of the local system.</summary>
    public static string LocalSystem { get; } = Metadata("LocalSystem");

    /// <summary>The trainer's program.</summary>
    public static string Trainer { get; } = Metadata("Trainer");

    /// <summary>The functions and their bindings, as the Functions SDK writes them at each build.</summary>
    public static string FunctionsMetadata { get; } = Metadata("FunctionsMetadata");

    public static string Bicep { get; } = Metadata("Bicep");

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == key).Value!;
}
