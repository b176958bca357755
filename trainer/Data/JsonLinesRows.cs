using System.Text.Json;

namespace Serverless.Trainer.Data;

/// <summary>Reads JSON Lines: one JSON object per line, with the column names of a CSV file as property names.</summary>
internal static class JsonLinesRows
{
    public static ReadResult Read(byte[] bytes, RowFields fields) => ReadResult.FromRows(ReadRows(bytes, fields));

    private static IEnumerable<ParsedRow> ReadRows(byte[] bytes, RowFields fields)
    {
        using var reader = new StreamReader(new MemoryStream(bytes));
        for (var line = 1; reader.ReadLine() is { } json; line++)
        {
            if (!string.IsNullOrWhiteSpace(json))
            {
                yield return ParseRow(RowPlace.Line(line), json, fields);
            }
        }
    }

    private static ParsedRow ParseRow(RowPlace place, string json, RowFields fields)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement is { ValueKind: JsonValueKind.Object } row
                ? fields.Parse(place, name => Field(row, name))
                : ParsedRow.Rejected(place, "not a JSON object");
        }
        catch (JsonException exception)
        {
            return ParsedRow.Rejected(place, $"not valid JSON (at byte {exception.BytePositionInLine})");
        }
    }

    private static string? Field(JsonElement row, string name)
    {
        if (!row.TryGetProperty(name, out var value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(), // integer labels
            _ => null,
        };
    }
}
