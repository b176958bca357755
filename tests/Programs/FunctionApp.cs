using System.Text.Json;

namespace Serverless.Tests;

/// <summary>The built function app, as its build describes it to the Functions host.</summary>
internal static class FunctionApp
{
    /// <summary>The functions with an HTTP trigger: method and route, and the level that a caller needs.</summary>
    public static IReadOnlyList<(string Request, string Level)> HttpFunctions { get; } =
    [
        .. from function in JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.FunctionApp, "functions.metadata"))).RootElement.EnumerateArray()
           from binding in function.GetProperty("bindings").EnumerateArray()
           where binding.GetProperty("type").GetString() == "httpTrigger"
           from method in binding.GetProperty("methods").EnumerateArray()
           select ($"{method.GetString()!.ToUpperInvariant()} {binding.GetProperty("route").GetString()}", binding.GetProperty("authLevel").GetString()!),
    ];
}
