using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Serverless.Articles;
using Serverless.Functions.Api;
using Serverless.Functions.Http;
using Serverless.Models;
using Serverless.Reviews;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Functions;

/// <summary>Holds the schemas of <c>openapi.json</c> to the records, as the serializer writes them.</summary>
public sealed class OpenApiSchemaTests
{
    private static readonly string[] Compared = ["type", "enum", "format"];

    private static readonly JsonNode Document = JsonNode.Parse(StaticFile.Read("openapi.json").Content)!;

    private static readonly Dictionary<string, Type> Records = new()
    {
        ["ClassifyResponse"] = typeof(ClassifyResponse),
        ["ClassificationResult"] = typeof(ClassificationResult),
        ["ClassificationResultListPage"] = typeof(ListPage<ClassificationResult>),
        ["ReviewEntry"] = typeof(ReviewEntry),
        ["ReviewEntryListPage"] = typeof(ListPage<ReviewEntry>),
        ["LabelRequest"] = typeof(LabelRequest),
        ["HumanLabel"] = typeof(HumanLabel),
        ["FailedArticleResponse"] = typeof(FailedArticleResponse),
        ["FailedArticleResponseListPage"] = typeof(ListPage<FailedArticleResponse>),
        ["Replay"] = typeof(Replay),
        ["ExportedReviews"] = typeof(ExportedReviews),
        ["StoredDataset"] = typeof(StoredDataset),
        ["DatasetUpload"] = typeof(DatasetUpload),
        ["RunResponse"] = typeof(RunResponse),
        ["RunsResponse"] = typeof(RunsResponse),
        ["ModelsResponse"] = typeof(ModelsResponse),
        ["VersionSummary"] = typeof(VersionSummary),
        ["VersionsResponse"] = typeof(VersionsResponse),
        ["Promotion"] = typeof(Promotion),
        ["ClassifierStatus"] = typeof(ClassifierStatus),
        ["HealthResponse"] = typeof(HealthResponse),
        ["ServingStatus"] = typeof(ServingStatus),
    };

    public static TheoryData<string> Names => [.. Records.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_schema_has_the_properties_and_types_of_its_record(string name)
    {
        var options = new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true };
        var expected = ApiResults.JsonOptions.GetJsonSchemaAsNode(Records[name], options);

        var schema = Document["components"]!["schemas"]![name]!;

        Assert.Equal(Lines(expected, "$").Order(StringComparer.Ordinal), Lines(schema, "$").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_schema_of_a_response_requires_all_properties() => Assert.All(
        Schemas().Where(schema => schema.Key is not ("ArticleRequest" or "ProblemDetails")),
        schema => Assert.Equal(Properties(schema.Value!), schema.Value!["required"]!.AsArray().Select(required => required!.GetValue<string>())));

    [Fact]
    public void Every_schema_is_that_of_a_record_or_read_field_by_field() =>
        Assert.Equal(Schemas().Select(schema => schema.Key).Except(["ArticleRequest", "ProblemDetails"]).Order(), Records.Keys.Order());

    private static JsonObject Schemas() => Document["components"]!["schemas"]!.AsObject();

    private static IEnumerable<string> Properties(JsonNode schema) => schema["properties"]!.AsObject().Select(property => property.Key);

    /// <summary>A line for each thing that the schema says of a value: its place, its type, its enum, its format.</summary>
    private static IEnumerable<string> Lines(JsonNode schema, string place)
    {
        if (schema is not JsonObject node)
        {
            return [];
        }

        if (node["$ref"]?.GetValue<string>() is { } reference)
        {
            return Lines(reference["#/".Length..].Split('/').Aggregate(Document, (parent, name) => parent[name]!), place);
        }

        var own = Compared.Where(node.ContainsKey).Select(word => $"{place} {word} {Words(node[word]!)}")
            .Where(line => line != $"{place} type string" || !node.ContainsKey("enum"));
        var members = node["properties"]?.AsObject().SelectMany(property => Lines(property.Value!, $"{place}.{property.Key}")) ?? [];
        string[] nested = ["items", "additionalProperties"];
        return [.. own, .. members, .. nested.Where(node.ContainsKey).SelectMany(word => Lines(node[word]!, $"{place}.{word}"))];
    }

    /// <summary>The words of a type or an enum, sorted.</summary>
    private static string Words(JsonNode value) =>
        value is JsonArray words ? string.Join(' ', words.Select(word => word!.GetValue<string>()).Order(StringComparer.Ordinal)) : value.GetValue<string>();
}
