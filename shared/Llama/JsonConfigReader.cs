using System.Text.Json;

namespace Serverless.Llama;

/// <summary>One JSON object of settings, read strictly: each error names the file, the key and what is accepted.</summary>
internal sealed class JsonConfigReader
{
    private readonly JsonElement root;
    private readonly string source;

    private JsonConfigReader(JsonElement root, string source)
    {
        this.root = root;
        this.source = source;
    }

    public static JsonConfigReader Parse(string json, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new JsonConfigReader(document.RootElement.Clone(), source)
                : throw new InvalidDataException($"{source}: expected a JSON object, found {document.RootElement.ValueKind}.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{source}: not valid JSON ({e.Message})", e);
        }
    }

    public IEnumerable<string> Keys => root.EnumerateObject().Select(property => property.Name);

    public bool IsText(string key) => Find(key)?.ValueKind == JsonValueKind.String;

    public bool IsBool(string key) => Find(key)?.ValueKind is JsonValueKind.True or JsonValueKind.False;

    public bool Has(string key) => Find(key) is not null;

    public int Int(string key, int min, int max, int? fallback = null)
    {
        if (Find(key) is not { } value)
        {
            return fallback ?? throw Error(key, "is missing");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw Error(key, $"expected a whole number from {min} to {max}, found {Show(value)}");
    }

    public double Number(string key, double min, double max, double fallback)
    {
        if (Find(key) is not { } value)
        {
            return fallback;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max
            ? number
            : throw Error(key, $"expected a number from {min} to {max}, found {Show(value)}");
    }

    public bool Bool(string key, bool fallback) => Find(key) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Error(key, $"expected true or false, found {Show(value)}"),
    };

    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw Error(key, $"expected a text, found {Show(value)}"),
    };

    /// <summary>The text, or the list of texts, under a key; null where there is none.</summary>
    public IReadOnlyList<string>? Texts(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => [value.GetString()!],
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        { } value => throw Error(key, $"expected a text or a list of texts, found {Show(value)}"),
    };

    public JsonConfigReader? Section(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonConfigReader(value, $"{source}: {key}"),
        { } value => throw Error(key, $"expected an object, found {Show(value)}"),
    };

    /// <summary>Accepts an absent key, or the one value that this code implements.</summary>
    public void Require(string key, string accepted)
    {
        if (Text(key) is { } value && value != accepted)
        {
            throw Error(key, $"\"{value}\" is not supported; only \"{accepted}\" is");
        }
    }

    /// <summary>Refuses a key that holds anything but null, false, an empty list or an empty object.</summary>
    public void Refuse(string key, string reason)
    {
        var unset = Find(key) switch
        {
            null or { ValueKind: JsonValueKind.False } => true,
            { ValueKind: JsonValueKind.Array } value => value.GetArrayLength() == 0,
            { ValueKind: JsonValueKind.Object } value => !value.EnumerateObject().Any(),
            _ => false,
        };
        if (!unset)
        {
            throw Error(key, $"is not supported: {reason}");
        }
    }

    public InvalidDataException Error(string key, string problem) => new($"{source}: \"{key}\" {problem}.");

    private JsonElement? Find(string key) =>
        root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Show(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : text[..60] + "…";
    }
}
