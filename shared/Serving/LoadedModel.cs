using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using static TorchSharp.torch;

namespace Serverless.Serving;

/// <summary>
/// One version of a classifier in memory. <see cref="Encode"/> is thread-safe; all other members run on the inference thread and its workers.
/// </summary>
/// <param name="version">The version's name.</param>
/// <param name="metadata">Labels, tokens that the model reads, temperature.</param>
/// <param name="tokenizer">The base's tokenizer, which is shared.</param>
/// <param name="network">The base with the version's adapter; disposed with this object.</param>
/// <param name="precision">What merged weights are rounded to.</param>
internal sealed class LoadedModel(
    string version, ClassifierMetadata metadata, LlamaTokenizer tokenizer, LlamaForSequenceClassification network, PrecisionSelector precision) : IDisposable
{
    private const string SmokeTestText = "The quick brown fox jumps over the lazy dog.";

    public string Version { get; } = version;

    public ClassifierMetadata Metadata { get; } = metadata;

    private LlamaForSequenceClassification Network => network;

    public TokenizedText Encode(string text) => tokenizer.Encode(text, Metadata.MaxTokens);

    /// <param name="texts">Token ids of each text.</param>
    /// <returns>For each text the calibrated probability of each label.</returns>
    /// <exception cref="InvalidDataException">The logits are not finite.</exception>
    public double[][] Probabilities(IReadOnlyList<int[]> texts)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create(texts, CPU);
        var logits = network.Forward(batch).to(float64) / Metadata.Temperature; // [texts, labels]
        if (!isfinite(logits).all().item<bool>())
        {
            throw new InvalidDataException($"Version '{Version}' computes numbers that are not finite: its weights are damaged.");
        }

        var flat = logits.softmax(1).data<double>().ToArray();
        return [.. flat.Chunk(Metadata.Labels.Count)];
    }

    /// <summary>One forward pass, before the version serves.</summary>
    /// <exception cref="InvalidDataException">The logits are not finite.</exception>
    public void SmokeTest() => Probabilities([Encode(SmokeTestText).Ids]);

    /// <summary>Prepares a merge of the adapter into copies of the base's weights; its steps do the work.</summary>
    /// <param name="previous">The retired version, which computes no more: its merged weights are released one by one.</param>
    public ModelMerge StartMerge(LoadedModel? previous) => new(network, previous?.Network, precision);

    public void Dispose() => network.Dispose();
}
