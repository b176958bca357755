using System.Text.Json;

namespace Serverless.EndToEndTests;

/// <summary>
/// Holds JSON against the schemas of an OpenAPI document: what these use of JSON Schema and no more, a word that is not known
/// here being a fault. Objects with named properties are closed, so that an answer with more than its document says is one too.
/// </summary>
internal sealed class Schema(JsonElement document)
{
    private static readonly HashSet<string> Known =
        ["$ref", "type", "enum", "properties", "required", "items", "additionalProperties", "oneOf", "format", "description", "default", "pattern"];

    /// <returns>What differs, by its place; empty if nothing does.</returns>
    public IEnumerable<string> Faults(JsonElement schema, JsonElement value, string place = "$")
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return [];
        }

        if (schema.EnumerateObject().FirstOrDefault(word => !Known.Contains(word.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return [$"{place}: the schema's '{unknown.Name}' is not known"];
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            return Faults(Follow(reference.GetString()!), value, place);
        }

        if (schema.TryGetProperty("oneOf", out var forms))
        {
            return forms.EnumerateArray().Count(form => !Faults(form, value, place).Any()) == 1 ? [] : [$"{place}: not exactly one form of {forms}"];
        }

        return [.. OwnFaults(schema, value, place), .. MemberFaults(schema, value, place)];
    }

    private static IEnumerable<string> OwnFaults(JsonElement schema, JsonElement value, string place)
    {
        if (schema.TryGetProperty("type", out var type) && !Types(type).Any(name => Is(name!, value)))
        {
            yield return $"{place}: {value.ValueKind} is not {type}";
        }

        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(word => JsonElement.DeepEquals(word, value)))
        {
            yield return $"{place}: {value} is none of {words}";
        }
    }

    private IEnumerable<string> MemberFaults(JsonElement schema, JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            return value.EnumerateArray().SelectMany((item, index) => Faults(items, item, $"{place}[{index}]"));
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var named = schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().ToDictionary(property => property.Name, property => property.Value) : [];
        var missing = schema.TryGetProperty("required", out var required)
            ? required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)).Select(name => $"{place}: '{name}' is missing")
            : [];
        return missing.Concat(value.EnumerateObject().SelectMany(member =>
            named.TryGetValue(member.Name, out var known) ? Faults(known, member.Value, $"{place}.{member.Name}")
            : schema.TryGetProperty("additionalProperties", out var other) ? Faults(other, member.Value, $"{place}.{member.Name}")
            : named.Count == 0 ? []
            : [$"{place}: '{member.Name}' is not in the schema"]));
    }

    private JsonElement Follow(string reference) =>
        reference["#/".Length..].Split('/').Aggregate(document, (element, name) => element.GetProperty(name));

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
