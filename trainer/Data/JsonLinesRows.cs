using System.Text.Json;

namespace Serverless.Trainer.Data;

/// <summary>
/// Reads JSON Lines: one JSON object per line, with the column names of a CSV file as property names. Objects that stand behind each other
/// in a line, a comma at its end, one array of objects, and objects of several lines are read too.
/// </summary>
internal static class JsonLinesRows
{
    private static readonly JsonReaderOptions ManyValues = new() { AllowMultipleValues = true };

    /// <exception cref="DataSetRefusedException">The file is an array that is not valid JSON.</exception>
    public static ReadResult Read(string file, byte[] bytes, RowFields fields)
    {
        var content = bytes is [0xEF, 0xBB, 0xBF, ..] ? bytes.AsMemory(3) : bytes.AsMemory();
        var first = content.Span.TrimStart(" \t\r\n"u8);
        if (first is [(byte)'[', ..] || (first is [(byte)'{', ..] && !EndsInFirstLine(first)))
        {
            var row = new JsonRow(fields);
            if (JsonDocumentRows.TryRead(content, row, out var parsed, out var error))
            {
                return ReadResult.FromRows(parsed) with { Note = row.Note };
            }

            if (first[0] == (byte)'[')
            {
                throw new DataSetRefusedException(file, $"The file is a JSON array that is not valid: {error}.");
            }
        }

        var lines = new JsonRow(fields);
        return ReadResult.FromRows(ReadLines(content, lines)) with { Note = lines.Note };
    }

    // An object of several lines is not complete in its first one.
    private static bool EndsInFirstLine(ReadOnlySpan<byte> json)
    {
        var end = json.IndexOf((byte)'\n');
        var reader = new Utf8JsonReader(end < 0 ? json : json[..end], isFinalBlock: false, new JsonReaderState(ManyValues));
        try
        {
            return reader.Read() && reader.TrySkip();
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private static IEnumerable<ParsedRow> ReadLines(ReadOnlyMemory<byte> content, JsonRow row)
    {
        var number = 0;
        for (var rest = content; !rest.IsEmpty;)
        {
            number++;
            var end = rest.Span.IndexOf((byte)'\n');
            var line = TrimLine(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? default : rest[(end + 1)..];
            foreach (var parsed in ParseLine(RowPlace.Line(number), line.Span, row))
            {
                yield return parsed;
            }
        }
    }

    private static ReadOnlyMemory<byte> TrimLine(ReadOnlyMemory<byte> line)
    {
        var end = line.Span.TrimEnd(" \t\r"u8).Length;
        return end > 0 && line.Span[end - 1] == (byte)',' ? line[..(end - 1)] : line[..end];
    }

    private static List<ParsedRow> ParseLine(RowPlace place, ReadOnlySpan<byte> line, JsonRow row)
    {
        var parsed = new List<ParsedRow>();
        var reader = new Utf8JsonReader(line, ManyValues);
        try
        {
            while (reader.Read())
            {
                using var document = JsonDocument.ParseValue(ref reader);
                parsed.Add(row.Parse(place, document.RootElement));
            }
        }
        catch (JsonException exception)
        {
            parsed.Add(ParsedRow.Rejected(place, Describe(line, (int)(exception.BytePositionInLine ?? 0))));
        }

        return parsed;
    }

    private static string Describe(ReadOnlySpan<byte> line, int position)
    {
        var rest = position < line.Length ? line[Math.Max(0, position - 1)..] : default;
        var isNumberWord = rest.IndexOf("NaN"u8) is 0 or 1 || rest.IndexOf("Infinity"u8) is >= 0 and <= 2;
        return $"not valid JSON (at byte {position}){(isNumberWord ? "; NaN and Infinity are not JSON, write null" : "")}";
    }
}
