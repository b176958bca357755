using System.Text.Json;

namespace Serverless.Llama.Tokenizer;

/// <summary>Reads the <c>post_processor</c> of a <c>tokenizer.json</c>: the token that each text begins with.</summary>
internal static class PostProcessor
{
    /// <returns>The begin-of-text token that is added to each text; null for none.</returns>
    /// <exception cref="NotSupportedException">A step is not supported; names it.</exception>
    public static int? ReadBosTokenId(JsonElement root)
    {
        if (!root.TryGetProperty("post_processor", out var processor) || processor.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var steps = TokenizerFile.GetString(processor, "type") == "Sequence"
            ? processor.GetProperty("processors").EnumerateArray().ToArray()
            : [processor];
        int? begin = null;
        foreach (var step in steps)
        {
            switch (TokenizerFile.GetString(step, "type"))
            {
                case "ByteLevel":
                    break;
                case "TemplateProcessing":
                    begin = ReadTemplate(step);
                    break;
                default:
                    throw new NotSupportedException($"post_processor \"{TokenizerFile.GetString(step, "type")}\" is not supported.");
            }
        }

        return begin;
    }

    // The supported templates: the text alone, or a begin-of-text token and the text.
    private static int? ReadTemplate(JsonElement template)
    {
        var single = template.GetProperty("single").EnumerateArray().ToArray();
        if (single.Length == 1 && single[0].TryGetProperty("Sequence", out _))
        {
            return null;
        }

        if (single.Length != 2 || !single[0].TryGetProperty("SpecialToken", out var special) || !single[1].TryGetProperty("Sequence", out _))
        {
            throw new NotSupportedException("post_processor template must be the text, or one special token and the text.");
        }

        var name = TokenizerFile.GetString(special, "id") ?? throw new FormatException("the template's special token has no id");
        var ids = template.GetProperty("special_tokens").GetProperty(name).GetProperty("ids").EnumerateArray().ToArray();
        return ids is [var id] && id.TryGetInt32(out var begin) && begin is >= 0 and <= TokenizerFile.MaxId
            ? begin
            : throw new FormatException($"the template's special token \"{name}\" needs one id");
    }
}
