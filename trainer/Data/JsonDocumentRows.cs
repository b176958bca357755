using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Serverless.Trainer.Data;

/// <summary>Reads the objects of JSON arrays, and objects of several lines, one after the other.</summary>
internal static class JsonDocumentRows
{
    private static readonly JsonReaderOptions ManyValues = new() { AllowMultipleValues = true, AllowTrailingCommas = true };

    /// <param name="content">The whole file. Only one object at a time is held in another form.</param>
    /// <param name="row">Parses an object.</param>
    /// <param name="parsed">The rows, with the line on which each begins.</param>
    /// <param name="error">Where the content is not valid JSON.</param>
    public static bool TryRead(ReadOnlyMemory<byte> content, JsonRow row, out List<ParsedRow> parsed, [NotNullWhen(false)] out string? error)
    {
        parsed = [];
        error = null;
        var reader = new Utf8JsonReader(content.Span, ManyValues);
        var line = 1;
        var counted = 0;
        try
        {
            while (reader.Read())
            {
                var isOuterArray = reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray;
                if (isOuterArray)
                {
                    continue;
                }

                var start = (int)reader.TokenStartIndex;
                line += content.Span[counted..start].Count((byte)'\n');
                counted = start;
                using var document = JsonDocument.ParseValue(ref reader);
                parsed.Add(row.Parse(RowPlace.Line(line), document.RootElement));
            }

            return true;
        }
        catch (JsonException exception)
        {
            error = $"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}";
            return false;
        }
    }
}
