using System.Text.Json;

namespace Serverless.EndToEndTests;

/// <summary>Validates JSON against the schemas of an OpenAPI document.</summary>
/// <remarks>
/// It supports the keywords that the document uses; any other is an error. Objects with named properties are closed, so that a
/// response with an undocumented property is an error too.
/// </remarks>
internal sealed class Schema(JsonElement document)
{
    private static readonly HashSet<string> Keywords =
    [
        "$ref", "type", "enum", "properties", "required", "items", "additionalProperties", "allOf", "oneOf", "format", "description",
        "default", "minimum", "maximum",
    ];

    /// <summary>The element itself, or the component that it references.</summary>
    public JsonElement Resolve(JsonElement element) => element.TryGetProperty("$ref", out var reference)
        ? reference.GetString()!["#/".Length..].Split('/').Aggregate(document, (parent, name) => parent.GetProperty(name))
        : element;

    /// <returns>The differences with their places; empty if the value is valid.</returns>
    public IEnumerable<string> Errors(JsonElement schema, JsonElement value, string place = "$") => Errors(schema, value, place, isOpen: false);

    /// <param name="schema">The schema.</param>
    /// <param name="value">The JSON to validate.</param>
    /// <param name="place">The path of the value.</param>
    /// <param name="isOpen">True if other properties are allowed, as in a part of an <c>allOf</c> that narrows another part.</param>
    private IEnumerable<string> Errors(JsonElement schema, JsonElement value, string place, bool isOpen)
    {
        if (schema.EnumerateObject().FirstOrDefault(keyword => !Keywords.Contains(keyword.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return [$"{place}: the keyword '{unknown.Name}' is not supported"];
        }

        if (schema.TryGetProperty("$ref", out _))
        {
            return Errors(Resolve(schema), value, place, isOpen);
        }

        if (schema.TryGetProperty("allOf", out var parts))
        {
            return parts.EnumerateArray().SelectMany(part => Errors(part, value, place, isOpen: !part.TryGetProperty("$ref", out _)));
        }

        if (schema.TryGetProperty("oneOf", out var forms))
        {
            var matches = forms.EnumerateArray().Count(form => !Errors(form, value, place, isOpen).Any());
            return matches == 1 ? [] : [$"{place}: matches {matches} of {forms} and not one"];
        }

        return [.. ValueErrors(schema, value, place), .. MemberErrors(schema, value, place, isOpen)];
    }

    private static IEnumerable<string> ValueErrors(JsonElement schema, JsonElement value, string place)
    {
        if (schema.TryGetProperty("type", out var type) && !Types(type).Any(name => Is(name!, value)))
        {
            yield return $"{place}: {value.ValueKind} is not {type}";
        }

        if (schema.TryGetProperty("enum", out var members) && !members.EnumerateArray().Any(member => JsonElement.DeepEquals(member, value)))
        {
            yield return $"{place}: {value} is not one of {members}";
        }
    }

    private IEnumerable<string> MemberErrors(JsonElement schema, JsonElement value, string place, bool isOpen) => value.ValueKind switch
    {
        JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
            value.EnumerateArray().SelectMany((item, index) => Errors(items, item, $"{place}[{index}]")),
        JsonValueKind.Object => MissingProperties(schema, value, place)
            .Concat(value.EnumerateObject().SelectMany(property => PropertyErrors(schema, property, $"{place}.{property.Name}", isOpen))),
        _ => [],
    };

    private static IEnumerable<string> MissingProperties(JsonElement schema, JsonElement value, string place) =>
        schema.TryGetProperty("required", out var required)
            ? required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)).Select(name => $"{place}: '{name}' is missing")
            : [];

    private IEnumerable<string> PropertyErrors(JsonElement schema, JsonProperty property, string place, bool isOpen)
    {
        var hasNames = schema.TryGetProperty("properties", out var properties);
        if (hasNames && properties.TryGetProperty(property.Name, out var named))
        {
            return Errors(named, property.Value, place);
        }

        if (schema.TryGetProperty("additionalProperties", out var additional))
        {
            return Errors(additional, property.Value, place);
        }

        return hasNames && !isOpen ? [$"{place}: is not in the schema"] : [];
    }

    private static IEnumerable<string?> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(name => name.GetString()) : [type.GetString()];

    private static bool Is(string type, JsonElement value) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => false,
    };
}
