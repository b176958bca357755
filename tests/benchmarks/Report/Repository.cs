using System.Reflection;

namespace Serverless.Benchmarks.Report;

/// <summary>Where the sources lie that this program was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string BenchmarksFile => Path.Combine(Root, "BENCHMARKS.md");

    public static string PeerFolder => Path.Combine(Root, "tests", "benchmarks", "peer");
}
