using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Functions.Http;
using static Serverless.UnitTests.Functions.FunctionMetadata;

namespace Serverless.UnitTests.Functions;

public sealed partial class OpenApiTests
{
    private static readonly JsonElement Document = JsonDocument.Parse(StaticFile.Read("openapi.json").Content).RootElement;

    [Fact]
    public void The_operations_are_the_HTTP_functions_with_their_routes_methods_and_keys()
    {
        var functions = All.Where(function => Text(Trigger(function), "type") == "httpTrigger").SelectMany(Describe);

        var operations = Operations().Select(operation => $"{operation.Method} {operation.Path} {Id(operation.Body)} {Key(operation.Body)}");

        Assert.Equal(functions.Order(StringComparer.Ordinal), operations.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Operation_ids_are_unique()
    {
        var ids = Operations().Select(operation => Id(operation.Body)).ToArray();

        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Every_reference_leads_to_a_component_and_every_component_is_used()
    {
        string[] parts = ["parameters", "responses", "schemas"];
        var components = parts.SelectMany(part => Names(Document.GetProperty("components").GetProperty(part)).Select(name => $"#/components/{part}/{name}"));

        var references = Reference().Matches(Document.GetRawText()).Select(match => match.Groups[1].Value).Distinct();

        Assert.Equal(components.Order(StringComparer.Ordinal), references.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Path_parameters_are_those_of_the_path() => Assert.All(Operations(), operation => Assert.Equal(
        RouteParameter().Matches(operation.Path).Select(match => match.Groups[1].Value),
        Parameters(operation.Body).Where(parameter => Text(parameter, "in") == "path").Select(parameter => Text(parameter, "name"))));

    [Fact]
    public void Problem_responses_have_the_statuses_and_titles_of_their_types()
    {
        var responses = Operations().SelectMany(operation => operation.Body.GetProperty("responses").EnumerateObject())
            .Select(response => (Status: response.Name, Body: Resolve(response.Value)))
            .Where(response => response.Body.TryGetProperty("content", out var content) && content.TryGetProperty("application/problem+json", out _))
            .Select(response => (response.Status, Description: Text(response.Body, "description"), Types: ProblemTypes(response.Body)))
            .ToArray();

        Assert.All(responses, response =>
        {
            Assert.All(response.Types, type => Assert.Equal(response.Status, $"{Problems.Status(type)}"));
            Assert.Equal(string.Join(' ', response.Types.Select(type => $"{Problems.Title(type)}.")), response.Description);
        });
        Assert.Equal(Enum.GetValues<ProblemType>(), responses.SelectMany(response => response.Types).Distinct().Order());
    }

    /// <summary>What the document says of an HTTP function. An optional part of the route makes two paths.</summary>
    private static IEnumerable<string> Describe(JsonElement function)
    {
        var trigger = Trigger(function);
        var name = Text(function, "name");
        var key = Text(trigger, "authLevel") switch
        {
            "Function" => FunctionApp.OperatorFunctions.Contains(name) ? "operatorKey" : "functionKey",
            _ => "-",
        };
        var method = trigger.GetProperty("methods").EnumerateArray().Single().GetString();
        var route = "/" + Text(trigger, "route").Replace("{*", "{", StringComparison.Ordinal);
        var optional = route.IndexOf("/{", StringComparison.Ordinal) is var start && route.EndsWith("?}", StringComparison.Ordinal) ? start : -1;
        return optional < 0
            ? [$"{method} {route} {name} {key}"]
            : [$"{method} {route[..optional]} {name}ByDefault {key}", $"{method} {route.Replace("?", "", StringComparison.Ordinal)} {name} {key}"];
    }

    private static IEnumerable<(string Method, string Path, JsonElement Body)> Operations() =>
        from path in Document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (operation.Name, path.Name, operation.Value);

    private static string Id(JsonElement operation) => Text(operation, "operationId");

    /// <summary>The key that an operation requires; an anonymous one has an empty list.</summary>
    private static string Key(JsonElement operation) =>
        operation.GetProperty("security").EnumerateArray().Select(scheme => scheme.EnumerateObject().Single().Name).SingleOrDefault("-");

    private static IEnumerable<JsonElement> Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Select(Resolve) : [];

    private static ProblemType[] ProblemTypes(JsonElement response) =>
    [
        .. from part in response.GetProperty("content").GetProperty("application/problem+json").GetProperty("schema").GetProperty("allOf").EnumerateArray()
           where part.TryGetProperty("properties", out _)
           from urn in part.GetProperty("properties").GetProperty("type").GetProperty("enum").EnumerateArray()
           select Enum.GetValues<ProblemType>().Single(type => Problems.Urn(type) == urn.GetString()),
    ];

    private static JsonElement Resolve(JsonElement element) => element.TryGetProperty("$ref", out var reference)
        ? reference.GetString()!["#/".Length..].Split('/').Aggregate(Document, (parent, name) => parent.GetProperty(name))
        : element;

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    [GeneratedRegex("\"\\$ref\": \"([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex RouteParameter();
}
