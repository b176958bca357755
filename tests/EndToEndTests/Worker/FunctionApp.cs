using System.Reflection;

namespace Serverless.EndToEndTests.Worker;

/// <summary>The compiled function app.</summary>
internal static class FunctionApp
{
    public static string Program { get; } = Metadata("FunctionApp");

    public static string Folder { get; } = Path.GetDirectoryName(Program)!;

    private static string Metadata(string key) =>
        typeof(FunctionApp).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
