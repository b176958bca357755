using System.Reflection;
using System.Text.Json;
using Serverless.Functions.Api;

namespace Serverless.UnitTests.Functions;

/// <summary>The <c>functions.metadata</c> of the compiled app, by which the host and the deployment know its functions.</summary>
internal static class FunctionMetadata
{
    public static Assembly App { get; } = typeof(Classify).Assembly;

    public static IReadOnlyList<JsonElement> All { get; } =
        [.. JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(FunctionApp.MetadataFile)).EnumerateArray()];

    public static JsonElement.ArrayEnumerator Bindings(JsonElement function) => function.GetProperty("bindings").EnumerateArray();

    public static JsonElement Trigger(JsonElement function) => Bindings(function).First();

    public static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
