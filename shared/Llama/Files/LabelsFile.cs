using System.Text.Json;

namespace Serverless.Llama.Files;

/// <summary>Reads <c>labels.json</c>. People write it by hand, so each error says what the file has and what to write.</summary>
internal sealed class LabelsFile
{
    /// <summary>The context of Llama 3: a limit beyond it is a mistake, and would let one text take the memory of the process.</summary>
    private const int MaxMaxTokens = 131_072;

    private const string Example = """{"labels": ["…", "…"]}""";

    private static readonly string[] Keys = ["labels", "maxTokens", "temperature"];

    private readonly string path;
    private readonly JsonElement root;

    private LabelsFile(string path, JsonElement root)
    {
        this.path = path;
        this.root = root;
    }

    /// <returns>Null if the folder has no such file.</returns>
    /// <exception cref="InvalidDataException">The file is not valid; the message says why.</exception>
    public static LabelsFile? Find(string folder)
    {
        var path = Path.Combine(folder, ClassifierMetadata.FileName);
        if (!LinkedFile.Exists(path))
        {
            return null;
        }

        var file = new LabelsFile(path, Parse(path));
        foreach (var key in file.root.EnumerateObject().Select(property => property.Name))
        {
            file.RequireKnown(key);
        }

        return file;
    }

    public static InvalidDataException Missing(string folder) => new(
        $"{Path.Combine(folder, ClassifierMetadata.FileName)} is missing, or it has no 'labels', and there is no config.json with 'id2label' beside it. " +
        $"Write {Example}, the labels in the order of the head's rows.");

    /// <summary>Checks the names of labels, in the order of the head's rows.</summary>
    public static IReadOnlyList<string> RequireLabels(IReadOnlyList<string?> labels, string path, string key) =>
        labels.Count >= 2 && !labels.Any(string.IsNullOrWhiteSpace) && labels.Distinct(StringComparer.Ordinal).Count() == labels.Count
            ? [.. labels.Select(label => label!)]
            : throw new InvalidDataException($"{path}: '{key}' must be two or more different names; it is [{string.Join(", ", labels.Take(8))}].");

    /// <returns>Null if the file has none.</returns>
    public IReadOnlyList<string>? ReadLabels()
    {
        if (Value("labels") is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Null)
            ? RequireLabels([.. value.EnumerateArray().Select(item => item.GetString())], path, "labels")
            : throw Error("'labels' must be two or more different names in a list", value);
    }

    public int? ReadMaxTokens()
    {
        if (Value("maxTokens") is not { } value)
        {
            return null;
        }

        return Number(value) is >= 2 and <= MaxMaxTokens and var number && double.IsInteger(number)
            ? (int)number
            : throw Error($"'maxTokens' must be a whole number from 2 to {MaxMaxTokens}", value);
    }

    public double? ReadTemperature()
    {
        if (Value("temperature") is not { } value)
        {
            return null;
        }

        return Number(value) is > 0 and < double.PositiveInfinity and var number ? number : throw Error("'temperature' must be a number above zero", value);
    }

    /// <summary>Parses a JSON file and copies its root. Reads what Windows' editors write: a byte order mark, or UTF-16 with one.</summary>
    internal static JsonElement ReadRoot(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            RequireText(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidDataException($"{path} is damaged: a text in it has half of a surrogate pair.", exception);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path} is damaged: line {(exception.LineNumber ?? 0) + 1} is not valid JSON.", exception);
        }
    }

    // JSON allows half of a surrogate pair ("\\ud83d"), which is not text.
    private static void RequireText(JsonElement value, string? name = null)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                value.EnumerateArray().ToList().ForEach(item => RequireText(item));
                break;
            case JsonValueKind.Object:
                value.EnumerateObject().ToList().ForEach(property => RequireText(property.Value, property.Name));
                break;
        }
    }

    private static JsonElement Parse(string path)
    {
        var root = ReadRoot(path);
        return root.ValueKind switch
        {
            JsonValueKind.Object => root,
            JsonValueKind.Null => throw new InvalidDataException($"{path} is empty. Write {Example}."),
            JsonValueKind.Array => throw new InvalidDataException($"{path} is a list. Put the labels into an object: {Example}."),
            _ => throw new InvalidDataException($"{path} is {Abbreviate(root)}. Write {Example}."),
        };
    }

    private void RequireKnown(string key)
    {
        if (Keys.Contains(key, StringComparer.OrdinalIgnoreCase))
        {
            return;
        }

        var plain = string.Concat(key.Where(char.IsLetterOrDigit));
        var meant = Keys.FirstOrDefault(known => known.Equals(plain, StringComparison.OrdinalIgnoreCase));
        throw new InvalidDataException(
            meant is not null ? $"{path}: '{key}' is not a key of this file; write '{meant}'."
            : int.TryParse(key, out _) ? $"{path}: '{key}' is not a key of this file. Write the labels as a list, in the order of the head's rows: {Example}."
            : $"{path}: '{key}' is not a key of this file; its keys are {string.Join(", ", Keys)}.");
    }

    /// <returns>Null if the key is absent or null.</returns>
    private JsonElement? Value(string key)
    {
        var value = root.EnumerateObject().LastOrDefault(property => property.Name.Equals(key, StringComparison.OrdinalIgnoreCase)).Value;
        return value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : value;
    }

    private InvalidDataException Error(string rule, JsonElement value) => new($"{path}: {rule}; it is {Abbreviate(value)}.");

    private static double? Number(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : null;

    private static string Abbreviate(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : value.GetRawText();
}
