using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Llama.Files;

/// <summary><c>labels.json</c>: what a classifier needs in addition to PEFT's files.</summary>
/// <param name="Labels">Names of the labels, in the order of the rows of the classification head.</param>
/// <param name="MaxTokens">Maximum number of tokens of a text, begin-of-text included; the rest is truncated.</param>
/// <param name="Temperature">Divisor of the logits before the softmax, which calibrates the probabilities (temperature scaling).</param>
public sealed record ClassifierMetadata(IReadOnlyList<string> Labels, int MaxTokens, double Temperature)
{
    public const string FileName = "labels.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.All),
    };

    /// <param name="folder">The adapter's folder.</param>
    /// <exception cref="InvalidDataException">The file is missing or not valid; the message says why.</exception>
    public static ClassifierMetadata Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var metadata = JsonSerializer.Deserialize<ClassifierMetadata>(File.ReadAllBytes(path), Json) ?? throw new InvalidDataException($"{path} is empty.");
            metadata.Validate(path);
            return metadata;
        }
        catch (FileNotFoundException exception)
        {
            throw new InvalidDataException($"{path} is missing.", exception);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path} is damaged: {exception.Message}", exception);
        }
    }

    public void Write(string folder) => File.WriteAllBytes(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, Json));

    private void Validate(string path)
    {
        if (Labels.Count < 2 || Labels.Any(string.IsNullOrWhiteSpace) || Labels.Distinct(StringComparer.Ordinal).Count() < Labels.Count)
        {
            throw new InvalidDataException($"{path}: 'labels' must be two or more different names.");
        }

        if (MaxTokens < 2)
        {
            throw new InvalidDataException($"{path}: 'maxTokens' must be 2 or more.");
        }

        if (Temperature is not (> 0 and < double.PositiveInfinity))
        {
            throw new InvalidDataException($"{path}: 'temperature' must be above zero.");
        }
    }
}
