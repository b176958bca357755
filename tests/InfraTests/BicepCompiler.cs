using System.Reflection;

namespace Serverless.InfraTests;

/// <summary>The Bicep compiler, which comes as a package.</summary>
internal static class BicepCompiler
{
    public static string Program { get; } =
        typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "Bicep").Value!;
}
