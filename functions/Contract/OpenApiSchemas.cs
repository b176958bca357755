using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using Serverless.Functions.Api;
using Serverless.Functions.Http;

namespace Serverless.Functions.Contract;

/// <summary>JSON schemas of the types that are read and answered, as the serializer itself describes them; each is a component of the document once.</summary>
internal sealed class OpenApiSchemas(OpenApiDocument document)
{
    private readonly OpenApiJsonReader reader = new();

    public IOpenApiSchema OfAny(IReadOnlyList<Type> types) => types is [var one] ? Of(one) : new OpenApiSchema { OneOf = [.. types.Select(Of)] };

    public IOpenApiSchema Of(Type type)
    {
        if (type.IsArray)
        {
            return new OpenApiSchema { Type = JsonSchemaType.Array, Items = Of(type.GetElementType()!) };
        }

        if (type == typeof(Stream))
        {
            return new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
        }

        return type.IsPrimitive || type == typeof(string) || type == typeof(object) ? Read(ApiResults.JsonOptions.GetJsonSchemaAsNode(type, Options)) : Component(type);
    }

    /// <summary>A problem document whose <c>type</c> is one of these.</summary>
    public IOpenApiSchema OfProblems(IReadOnlyList<ProblemType> problems) => Read(new JsonObject
    {
        ["type"] = "object",
        ["required"] = new JsonArray("type", "title", "status", "detail"),
        ["properties"] = new JsonObject
        {
            ["type"] = new JsonObject { ["enum"] = new JsonArray([.. problems.Select(problem => JsonValue.Create(Problems.Urn(problem)))]) },
            ["title"] = new JsonObject { ["type"] = "string" },
            ["status"] = new JsonObject { ["type"] = "integer" },
            ["detail"] = new JsonObject { ["type"] = "string" },
            ["traceId"] = new JsonObject { ["type"] = "string" },
        },
    });

    private OpenApiSchemaReference Component(Type type)
    {
        var name = type.IsGenericType ? type.GetGenericArguments()[0].Name + type.Name.Split('`')[0] : type.Name;
        if (document.Components!.Schemas?.ContainsKey(name) is not true)
        {
            document.AddComponent(name, Read(ApiResults.JsonOptions.GetJsonSchemaAsNode(type, Options)));
        }

        return new OpenApiSchemaReference(name, document);
    }

    private OpenApiSchema Read(JsonNode schema) => reader.ReadFragment<OpenApiSchema>(schema, OpenApiSpecVersion.OpenApi3_1, document, out _)!;

    private static readonly JsonSchemaExporterOptions Options = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) =>
        {
            // What is answered has every property, null or not; only what is read may leave some out.
            if (schema is JsonObject described && described["properties"] is JsonObject properties && context.TypeInfo.Type.Name is not nameof(ArticleRequest))
            {
                described["required"] = new JsonArray([.. properties.Select(property => JsonValue.Create(property.Key))]);
            }

            return schema;
        },
    };
}
