using System.Text.Json;
using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>Parses JSON objects as rows. Remembers where the columns are, since most objects of a file have the same keys.</summary>
internal sealed class JsonRow(RowFields fields)
{
    private string[] names = [];
    private DatasetColumns columns = new(null, null, null, null);

    /// <summary>What the user should know of the columns; null if nothing.</summary>
    public string? Note { get; private set; }

    public ParsedRow Parse(RowPlace place, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return ParsedRow.Rejected(place, $"not a JSON object but {Name(json.ValueKind)}");
        }

        // Of a key that occurs twice the last value counts, as in other readers.
        var values = new OrderedDictionary<string, JsonElement>();
        foreach (var property in json.EnumerateObject())
        {
            if (TryGetName(property, out var name))
            {
                values[name] = property.Value;
            }
        }

        if (!values.Keys.SequenceEqual(names))
        {
            names = [.. values.Keys];
            columns = fields.Find(names);
            Note ??= RowFields.DescribeTitle(columns, names);
        }

        return fields.AreUsable(columns)
            ? RowFields.Parse(place, columns, index => Value(values.GetAt(index).Value))
            : ParsedRow.Rejected(place, DescribeMissing(values));
    }

    private string DescribeMissing(OrderedDictionary<string, JsonElement> values)
    {
        if (columns.Error is { } error)
        {
            return $"it names {error}";
        }

        var missing = columns switch
        {
            { Text: null, Title: null, Label: null } => $"{fields.Expected} are missing",
            { Label: null } => $"'{fields.Label ?? DatasetFormat.LabelColumn}' is missing",
            _ => $"'{fields.Text ?? DatasetFormat.TextColumn}' is missing",
        };
        var list = values.FirstOrDefault(value => value.Value.ValueKind == JsonValueKind.Array && value.Value.EnumerateArray().Any(IsObject)).Key;
        var hint = list is null ? "" : $"; write the list '{list}' alone to use its objects as rows";
        return $"{missing}; the keys are {(names.Length == 0 ? "none" : RowFields.Join(names))}{hint}";
    }

    private static bool IsObject(JsonElement element) => element.ValueKind == JsonValueKind.Object;

    private static bool TryGetName(JsonProperty property, out string name)
    {
        try
        {
            name = property.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: the key is not one of those that are read.
            name = "";
            return false;
        }
    }

    private static FieldValue Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Text(value),
        JsonValueKind.Number => new FieldValue(value.GetRawText(), IsNumber: true),
        JsonValueKind.True => new FieldValue("true"),
        JsonValueKind.False => new FieldValue("false"),
        JsonValueKind.Object or JsonValueKind.Array => FieldValue.Unusable($"is {Name(value.ValueKind)}, not a single value"),
        _ => FieldValue.Missing,
    };

    private static FieldValue Text(JsonElement value)
    {
        try
        {
            return new FieldValue(value.GetString());
        }
        catch (InvalidOperationException)
        {
            return FieldValue.Unusable(@"holds half of a surrogate pair, such as \ud83d alone, which is not a character");
        }
    }

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
