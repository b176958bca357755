using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Serverless.Llama.Files;

/// <summary><c>labels.json</c>: what a classifier needs in addition to PEFT's files.</summary>
/// <param name="Labels">Names of the labels, in the order of the rows of the classification head.</param>
/// <param name="MaxTokens">Maximum number of tokens of a text, begin-of-text included; the rest is truncated.</param>
/// <param name="Temperature">Divisor of the logits before the softmax, which calibrates the probabilities (temperature scaling).</param>
/// <remarks>
/// The trainer writes all three. In a file that a person writes for an adapter from elsewhere, <c>labels</c> is enough; and where the adapter's
/// <c>config.json</c> has <c>id2label</c>, as transformers writes it, the file is not needed at all.
/// </remarks>
public sealed record ClassifierMetadata(IReadOnlyList<string> Labels, int MaxTokens, double Temperature)
{
    public const string FileName = "labels.json";

    /// <summary>Of a file that has no <c>maxTokens</c>: what the trainer and the recipe that it follows use.</summary>
    public const int DefaultMaxTokens = 128;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    /// <param name="folder">The adapter's folder.</param>
    /// <exception cref="InvalidDataException">The file is missing or not valid; the message says why.</exception>
    public static ClassifierMetadata Read(string folder)
    {
        var file = LabelsFile.Find(folder);
        var labels = file?.ReadLabels() ?? HubLabels.Find(folder) ?? throw LabelsFile.Missing(folder);
        return new ClassifierMetadata(labels, file?.ReadMaxTokens() ?? DefaultMaxTokens, file?.ReadTemperature() ?? 1);
    }

    public void Write(string folder) => File.WriteAllBytes(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, Json));
}
