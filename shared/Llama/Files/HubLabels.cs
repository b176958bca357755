using System.Globalization;
using System.Text.Json;

namespace Serverless.Llama.Files;

/// <summary>The labels in a <c>config.json</c> of transformers: <c>id2label</c>, an object from a row of the head to its label.</summary>
internal static class HubLabels
{
    private const string Key = "id2label";

    /// <param name="folder">The adapter's folder.</param>
    /// <returns>Null if there is no such file, or if it has no labels.</returns>
    /// <exception cref="InvalidDataException">The labels are not valid; the message says why.</exception>
    public static IReadOnlyList<string>? Find(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        if (!LinkedFile.Exists(path)
            || LabelsFile.ReadRoot(path) is not { ValueKind: JsonValueKind.Object } root
            || !root.TryGetProperty(Key, out var labels) || labels.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return LabelsFile.RequireLabels(InOrder(labels, path), path, Key);
    }

    /// <returns>Null if there are no labels, or if they are not valid.</returns>
    public static IReadOnlyList<string>? FindValid(string folder)
    {
        try
        {
            return Find(folder);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static IReadOnlyList<string?> InOrder(JsonElement labels, string path)
    {
        if (labels.ValueKind != JsonValueKind.Object || labels.EnumerateObject().Any(label => label.Value.ValueKind != JsonValueKind.String))
        {
            throw new InvalidDataException(
                $"{path}: '{Key}' must be an object from a row of the head to its label, such as {{\"0\": \"…\", \"1\": \"…\"}}.");
        }

        var byRow = labels.EnumerateObject().ToLookup(label => label.Name, label => label.Value.GetString());
        var rows = Enumerable.Range(0, labels.EnumerateObject().Count()).Select(row => row.ToString(CultureInfo.InvariantCulture)).ToArray();
        return rows.FirstOrDefault(row => byRow[row].Count() != 1) is { } missing
            ? throw new InvalidDataException($"{path}: '{Key}' must have the rows from 0 to {rows.Length - 1} once each; {missing} is missing or there twice.")
            : [.. rows.Select(row => byRow[row].Single())];
    }
}
