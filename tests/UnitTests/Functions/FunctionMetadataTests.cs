using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using static Serverless.UnitTests.Functions.FunctionMetadata;

namespace Serverless.UnitTests.Functions;

public sealed class FunctionMetadataTests
{
    [Fact]
    public void Every_function_has_the_trigger_that_the_deployment_relies_on() => Assert.Equal(
        [
            "Classify: httpTrigger authLevel=Function methods=post route=classify/{classifier?}",
            "ClassifyArticle: queueTrigger connection=Storage queueName=articles",
            "DatasetUpload: httpTrigger authLevel=Function methods=post route=datasets/{classifier}/{file}/upload",
            "Datasets: httpTrigger authLevel=Function methods=put route=datasets/{classifier}/{file}",
            "ExportReview: httpTrigger authLevel=Function methods=post route=datasets/{classifier}",
            "FailedArticles: httpTrigger authLevel=Function methods=get route=failed/{classifier}",
            "Health: httpTrigger authLevel=Anonymous methods=get route=health",
            "LabelArticle: httpTrigger authLevel=Function methods=post route=review/{classifier}/{*id}",
            "LabelArticleById: httpTrigger authLevel=Function methods=post route=review/{classifier}",
            "ModelFile: httpTrigger authLevel=Function methods=get route=models/{classifier}/{version}/files/{*file}",
            "ModelVersions: httpTrigger authLevel=Function methods=get route=models/{classifier}",
            "Models: httpTrigger authLevel=Function methods=get route=models",
            "OpenApi: httpTrigger authLevel=Function methods=get route=openapi.json",
            "Page: httpTrigger authLevel=Anonymous methods=get route=ui/{file?}",
            "PromoteModel: httpTrigger authLevel=Function methods=post route=models/{classifier}/{version}/promote",
            "RecentResults: httpTrigger authLevel=Function methods=get route=results/{classifier}",
            "RecordPoisonArticle: queueTrigger connection=Storage queueName=articles-poison",
            "ReplayFailed: httpTrigger authLevel=Function methods=post route=failed/{classifier}",
            "Results: httpTrigger authLevel=Function methods=get route=results/{classifier}/{*id}",
            "RetrainOnDataset: blobTrigger connection=Storage path=datasets/{name} source=EventGrid",
            "Review: httpTrigger authLevel=Function methods=get route=review/{classifier}",
            "Runs: httpTrigger authLevel=Function methods=get route=runs",
            "Status: httpTrigger authLevel=Function methods=get route=status",
        ],
        All.Select(function => $"{Text(function, "name")}: {Describe(Trigger(function))}").Order(StringComparer.Ordinal));

    [Fact]
    public void Queue_messages_and_blobs_are_bound_to_types_of_the_SDK() => Assert.All(
        All.Select(Trigger).Where(trigger => Text(trigger, "type") != "httpTrigger"),
        trigger => Assert.Equal("True", Text(trigger.GetProperty("properties"), "supportsDeferredBinding")));

    [Fact]
    public void Only_HTTP_functions_return_something_to_the_host() => Assert.All(All, function => Assert.Equal(
        Text(Trigger(function), "type") == "httpTrigger" ? ["http $return"] : Array.Empty<string>(),
        Bindings(function).Skip(1).Select(binding => $"{Text(binding, "type")} {Text(binding, "name")}")));

    [Fact]
    public void Every_entry_point_is_the_method_of_its_function_and_not_async_void() => Assert.All(All, function =>
    {
        var entryPoint = Text(function, "entryPoint");
        var dot = entryPoint.LastIndexOf('.');
        var method = App.GetType(entryPoint[..dot], throwOnError: true)!.GetMethod(entryPoint[(dot + 1)..]);

        Assert.Equal(Text(function, "name"), method?.GetCustomAttribute<FunctionAttribute>()?.Name);
        Assert.NotEqual(typeof(void), method?.ReturnType);
        Assert.Equal($"{App.GetName().Name}.dll", Text(function, "scriptFile"));
        Assert.Equal("dotnet-isolated", Text(function, "language"));
    });

    /// <summary>The type of a trigger and all properties that decide when it fires.</summary>
    private static string Describe(JsonElement trigger) => string.Join(
        ' ',
        trigger.EnumerateObject()
            .Where(property => property.Name is not ("name" or "type" or "direction" or "properties"))
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => $"{property.Name}={Value(property.Value)}")
            .Prepend(Text(trigger, "type")));

    private static string Value(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? string.Join(',', value.EnumerateArray()) : value.ToString();
}
