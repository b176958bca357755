using System.Text.Json;

namespace Serverless.Llama;

/// <summary>Reads the settings of a JSON object strictly: each error names the file, the key and the accepted values.</summary>
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
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{source}: not valid JSON ({exception.Message})", exception);
        }
    }

    public IEnumerable<string> Keys => root.EnumerateObject().Select(property => property.Name);

    public bool IsString(string key) => Find(key)?.ValueKind == JsonValueKind.String;

    public bool IsBoolean(string key) => Find(key)?.ValueKind is JsonValueKind.True or JsonValueKind.False;

    /// <summary>Whether the key is there with the value null.</summary>
    public bool IsNull(string key) => root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Null;

    public bool Has(string key) => Find(key) is not null;

    public int GetInt32(string key, int min, int max, int? defaultValue = null)
    {
        if (Find(key) is not { } value)
        {
            return defaultValue ?? throw Error(key, "is missing");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw Error(key, $"expected a whole number from {min} to {max}, found {Abbreviate(value)}");
    }

    public double GetDouble(string key, double min, double max, double defaultValue)
    {
        if (Find(key) is not { } value)
        {
            return defaultValue;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max
            ? number
            : throw Error(key, $"expected a number from {min} to {max}, found {Abbreviate(value)}");
    }

    public bool GetBoolean(string key, bool defaultValue) => Find(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Error(key, $"expected true or false, found {Abbreviate(value)}"),
    };

    public string? GetString(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw Error(key, $"expected a string, found {Abbreviate(value)}"),
    };

    /// <summary>The string or the list of strings of a key; null if the key is absent.</summary>
    public IReadOnlyList<string>? GetStrings(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => [value.GetString()!],
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        { } value => throw Error(key, $"expected a string or a list of strings, found {Abbreviate(value)}"),
    };

    public JsonConfigReader? GetSection(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonConfigReader(value, $"{source}: {key}"),
        { } value => throw Error(key, $"expected an object, found {Abbreviate(value)}"),
    };

    /// <summary>Accepts an absent key or the one value that this code implements.</summary>
    public void Expect(string key, string accepted)
    {
        if (GetString(key) is { } value && value != accepted)
        {
            throw Error(key, $"\"{value}\" is not supported; only \"{accepted}\" is");
        }
    }

    /// <summary>Rejects a key whose value is not null, false, an empty list or an empty object.</summary>
    public void RejectIfSet(string key, string reason)
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

    private static string Abbreviate(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : text[..60] + "…";
    }
}
