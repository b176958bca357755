using System.Reflection;

namespace Serverless.EndToEndTests.Worker;

/// <summary>The compiled function app.</summary>
internal static class FunctionApp
{
    public static string Program { get; } = Metadata("FunctionApp");

    public static string Folder { get; } = Path.GetDirectoryName(Program)!;

    /// <summary>Whether it was compiled against the genuine worker.</summary>
    public static bool HasWorker { get; } = Metadata("AzureFunctionsWorker") == "true";

    private static string Metadata(string key) =>
        typeof(FunctionApp).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
