using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Api;

namespace Serverless.UnitTests.Functions;

/// <summary>The <c>functions.metadata</c> of the compiled app, by which the host and the deployment know its functions.</summary>
public sealed class FunctionMetadataTests
{
    private static readonly Assembly App = typeof(Classify).Assembly;

    private static readonly IReadOnlyList<JsonElement> Functions = Read();

    [Fact]
    public void Every_function_has_the_trigger_that_the_deployment_relies_on() => Assert.Equal(
        [
            "Classify: httpTrigger authLevel=Function methods=post route=classify/{classifier?}",
            "ClassifyArticle: queueTrigger connection=Storage queueName=articles",
            "Datasets: httpTrigger authLevel=Admin methods=put route=datasets/{classifier}/{file}",
            "ExportReview: httpTrigger authLevel=Admin methods=post route=datasets/{classifier}",
            "Health: httpTrigger authLevel=Anonymous methods=get route=health",
            "LabelArticle: httpTrigger authLevel=Function methods=post route=review/{classifier}/{*id}",
            "ModelFile: httpTrigger authLevel=Function methods=get route=models/{classifier}/{version}/files/{*file}",
            "ModelVersions: httpTrigger authLevel=Function methods=get route=models/{classifier}",
            "Models: httpTrigger authLevel=Function methods=get route=models",
            "OpenApi: httpTrigger authLevel=Function methods=get route=openapi.json",
            "Page: httpTrigger authLevel=Anonymous methods=get route=ui/{file?}",
            "PromoteModel: httpTrigger authLevel=Admin methods=post route=models/{classifier}/{version}/promote",
            "RecentResults: httpTrigger authLevel=Function methods=get route=results/{classifier}",
            "RecordPoisonArticle: queueTrigger connection=Storage queueName=articles-poison",
            "Results: httpTrigger authLevel=Function methods=get route=results/{classifier}/{*id}",
            "RetrainOnDataset: blobTrigger connection=Storage path=datasets/{name} source=EventGrid",
            "Review: httpTrigger authLevel=Function methods=get route=review/{classifier}",
            "Runs: httpTrigger authLevel=Function methods=get route=runs",
        ],
        Functions.Select(function => $"{Text(function, "name")}: {Describe(Trigger(function))}").Order(StringComparer.Ordinal));

    [Fact]
    public void Queue_messages_and_blobs_are_bound_to_types_of_the_SDK() => Assert.All(
        Functions.Select(Trigger).Where(trigger => Text(trigger, "type") != "httpTrigger"),
        trigger => Assert.Equal("True", Text(trigger.GetProperty("properties"), "supportsDeferredBinding")));

    [Fact]
    public void Only_HTTP_functions_return_something_to_the_host() => Assert.All(Functions, function => Assert.Equal(
        Text(Trigger(function), "type") == "httpTrigger" ? ["http $return"] : Array.Empty<string>(),
        Bindings(function).Skip(1).Select(binding => $"{Text(binding, "type")} {Text(binding, "name")}")));

    [Fact]
    public void Every_entry_point_is_the_method_of_its_function_and_not_async_void() => Assert.All(Functions, function =>
    {
        var entryPoint = Text(function, "entryPoint");
        var dot = entryPoint.LastIndexOf('.');
        var method = App.GetType(entryPoint[..dot], throwOnError: true)!.GetMethod(entryPoint[(dot + 1)..]);

        Assert.Equal(Text(function, "name"), method?.GetCustomAttribute<FunctionAttribute>()?.Name);
        Assert.NotEqual(typeof(void), method?.ReturnType);
        Assert.Equal($"{App.GetName().Name}.dll", Text(function, "scriptFile"));
        Assert.Equal("dotnet-isolated", Text(function, "language"));
    });

    private static IReadOnlyList<JsonElement> Read() =>
        [.. JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(FunctionApp.MetadataFile)).EnumerateArray()];

    private static JsonElement.ArrayEnumerator Bindings(JsonElement function) => function.GetProperty("bindings").EnumerateArray();

    private static JsonElement Trigger(JsonElement function) => Bindings(function).First();

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;

    /// <summary>The type of a trigger and all that says when it fires.</summary>
    private static string Describe(JsonElement trigger) => string.Join(
        ' ',
        trigger.EnumerateObject()
            .Where(property => property.Name is not ("name" or "type" or "direction" or "properties"))
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => $"{property.Name}={Value(property.Value)}")
            .Prepend(Text(trigger, "type")));

    private static string Value(JsonElement value) => value.ValueKind == JsonValueKind.Array ? string.Join(',', value.EnumerateArray()) : value.ToString();
}
