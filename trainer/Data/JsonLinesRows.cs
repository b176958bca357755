using System.Text.Json;

namespace Serverless.Trainer.Data;

/// <summary>Reads one JSON object a line, with the same names that a CSV file has as columns.</summary>
internal static class JsonLinesRows
{
    public static void Read(byte[] bytes, RowFields fields, List<DataSetRow> rows, List<BadRow> badRows)
    {
        using var reader = new StreamReader(new MemoryStream(bytes));
        for (var line = 1; reader.ReadLine() is { } json; line++)
        {
            if (!string.IsNullOrWhiteSpace(json))
            {
                AddRow(line, json, fields, rows, badRows);
            }
        }
    }

    private static void AddRow(int line, string json, RowFields fields, List<DataSetRow> rows, List<BadRow> badRows)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } row)
            {
                fields.Add(line, name => Field(row, name), rows, badRows);
            }
            else
            {
                badRows.Add(new BadRow(line, "not a JSON object"));
            }
        }
        catch (JsonException exception)
        {
            badRows.Add(new BadRow(line, $"not JSON (at byte {exception.BytePositionInLine})"));
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
