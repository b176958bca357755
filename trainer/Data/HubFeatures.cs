using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Trainer.Data;

/// <summary>
/// Reads the metadata that the Hugging Face Hub writes to a Parquet file, under the key <c>huggingface</c>:
/// <c>{"info":{"features":{"label":{"names":["World",…],"_type":"ClassLabel"},…}}}</c>.
/// </summary>
internal static class HubFeatures
{
    public const string Key = "huggingface";

    /// <summary>The names of a column's ClassLabel, or null. They can be nested (in <c>feature</c>, <c>dtype</c> or <c>class_label</c>).</summary>
    public static LabelNames? LabelNames(string? metadata, string column, string file)
    {
        if (Parse(metadata)?["info"]?["features"] is not JsonObject features ||
            features.FirstOrDefault(feature => feature.Key.Trim().Equals(column, StringComparison.OrdinalIgnoreCase)).Value is not { } label)
        {
            return null;
        }

        return Names(label) is { } names ? Data.LabelNames.FromClassLabel(names, $"the metadata of {file}") : null;
    }

    private static JsonNode? Parse(string? metadata)
    {
        try
        {
            return metadata is null ? null : JsonNode.Parse(metadata) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // Another program uses the same key.
        }
    }

    private static IEnumerable<string>? Names(JsonNode feature) => feature switch
    {
        JsonObject { Count: > 0 } node when node["names"] is JsonArray list => list.Select(Text),
        JsonObject { Count: > 0 } node when node["names"] is JsonObject byNumber =>
            byNumber.OrderBy(name => int.TryParse(name.Key, out var number) ? number : int.MaxValue).Select(name => Text(name.Value)),
        JsonObject node => node.Select(child => child.Value is null ? null : Names(child.Value)).FirstOrDefault(names => names is not null),
        JsonArray { Count: 1 } list when list[0] is { } only => Names(only),
        _ => null,
    };

    private static string Text(JsonNode? name) => name is JsonValue value && value.TryGetValue<string>(out var text) ? text : name?.ToJsonString() ?? "";
}
