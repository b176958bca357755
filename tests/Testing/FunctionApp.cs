using System.Text.Json;

namespace Serverless.Testing;

/// <summary>The built function app, as its build describes it to the Functions host.</summary>
public static class FunctionApp
{
    /// <summary>The functions and their bindings, as the Functions SDK writes them at each build.</summary>
    public static string MetadataFile { get; } = Path.Combine(Repository.FunctionApp, "functions.metadata");

    /// <summary>The functions that the function key does not open, only the operator key. A test of each place that assigns keys uses this list.</summary>
    public static IReadOnlyList<string> OperatorFunctions { get; } = ["DatasetUpload", "Datasets", "ExportReview", "PromoteModel"];

    /// <summary>The functions with an HTTP trigger: name, method and route, and the key that a caller needs (Anonymous, Function, Operator).</summary>
    public static IReadOnlyList<(string Name, string Request, string Level)> HttpFunctions { get; } =
    [
        .. from function in JsonDocument.Parse(File.ReadAllText(MetadataFile)).RootElement.EnumerateArray()
           from binding in function.GetProperty("bindings").EnumerateArray()
           where binding.GetProperty("type").GetString() == "httpTrigger"
           from method in binding.GetProperty("methods").EnumerateArray()
           let name = function.GetProperty("name").GetString()!
           let level = OperatorFunctions.Contains(name) ? "Operator" : binding.GetProperty("authLevel").GetString()!
           select (name, $"{method.GetString()!.ToUpperInvariant()} {binding.GetProperty("route").GetString()}", level),
    ];
}
