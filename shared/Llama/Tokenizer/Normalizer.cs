using System.Text.Json;

namespace Serverless.Llama.Tokenizer;

/// <summary>The <c>normalizer</c> of a <c>tokenizer.json</c>: what is done to a text before it is split into words.</summary>
/// <remarks>Qwen composes characters (NFC). TinyLlama and Mistral write a space as ▁ and begin each text with one.</remarks>
internal sealed class Normalizer
{
    private const int MaxSteps = 16;
    private const int MaxInsertedCharacters = 16; // for each character of the text

    private readonly Func<string, string>[] steps;

    private Normalizer(IEnumerable<Func<string, string>> steps) => this.steps = [.. steps];

    /// <exception cref="NotSupportedException">A step is not supported; names it.</exception>
    public static Normalizer Read(JsonElement tokenizer)
    {
        if (!tokenizer.TryGetProperty("normalizer", out var normalizer) || normalizer.ValueKind == JsonValueKind.Null)
        {
            return new Normalizer([]);
        }

        var steps = TokenizerFile.GetString(normalizer, "type") == "Sequence"
            ? normalizer.GetProperty("normalizers").EnumerateArray().ToArray()
            : [normalizer];
        return steps.Length <= MaxSteps
            ? new Normalizer(steps.Select(ReadStep))
            : throw new NotSupportedException($"normalizer has {steps.Length} steps; at most {MaxSteps} are supported.");
    }

    public string Apply(string text) => steps.Aggregate(text, (changed, step) => step(changed));

    private static Func<string, string> ReadStep(JsonElement step)
    {
        switch (TokenizerFile.GetString(step, "type"))
        {
            case "NFC":
                return UnicodeComposition.Compose;
            case "Prepend":
                var start = ReadInsertion(step, "prepend");
                return text => text.Length == 0 ? text : start + text;
            case "Replace" when step.TryGetProperty("pattern", out var pattern) && TokenizerFile.GetString(pattern, "String") is { Length: > 0 } replaced:
                var replacement = ReadInsertion(step, "content");
                return text => text.Replace(replaced, replacement, StringComparison.Ordinal);
            default:
                throw new NotSupportedException(
                    $"normalizer {step.GetRawText()} is not supported; only NFC, Prepend and Replace of a string are.");
        }
    }

    private static string ReadInsertion(JsonElement step, string key)
    {
        var text = TokenizerFile.GetString(step, key) ?? throw new FormatException($"normalizer {step.GetRawText()} has no \"{key}\"");
        return text.Length <= MaxInsertedCharacters
            ? text
            : throw new NotSupportedException($"normalizer inserts {text.Length:N0} characters; at most {MaxInsertedCharacters} are supported.");
    }
}
