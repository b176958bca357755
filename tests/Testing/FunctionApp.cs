using System.Text.Json;

namespace Serverless.Testing;

/// <summary>The built function app, as its build describes it to the Functions host.</summary>
public static class FunctionApp
{
    /// <summary>The functions and their bindings, as the Functions SDK writes them at each build.</summary>
    public static string MetadataFile { get; } = Path.Combine(Repository.FunctionApp, "functions.metadata");

    /// <summary>The functions with an HTTP trigger: method and route, and the key that a caller needs.</summary>
    public static IReadOnlyList<(string Request, string Level)> HttpFunctions { get; } =
    [
        .. from function in JsonDocument.Parse(File.ReadAllText(MetadataFile)).RootElement.EnumerateArray()
           from binding in function.GetProperty("bindings").EnumerateArray()
           where binding.GetProperty("type").GetString() == "httpTrigger"
           from method in binding.GetProperty("methods").EnumerateArray()
           select ($"{method.GetString()!.ToUpperInvariant()} {binding.GetProperty("route").GetString()}", binding.GetProperty("authLevel").GetString()!),
    ];
}
