using System.Collections;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using Serverless.Llama.Tokenizer;
using static TorchSharp.torch;

namespace Serverless.Serving;

/// <summary>One version of a classifier in memory. Encoding is for any thread; the rest belongs to the model's thread, and to those that it shares a batch out to.</summary>
/// <param name="precision">What merged weights are rounded to.</param>
internal sealed class LoadedModel(
    string version, ClassifierMetadata labels, LlamaTokenizer tokenizer, LlamaForSequenceClassification network, PrecisionSelector precision) : IDisposable
{
    private const string SmokeTestText = "The quick brown fox jumps over the lazy dog.";

    public string Version { get; } = version;

    public ClassifierMetadata Labels { get; } = labels;

    public TokenizedText Encode(string text) => tokenizer.Encode(text, Labels.MaxTokens);

    /// <param name="texts">Token ids of each text.</param>
    /// <returns>For each text the calibrated probability of each label.</returns>
    /// <exception cref="InvalidDataException">The weights give no finite numbers.</exception>
    public double[][] Probabilities(IReadOnlyList<int[]> texts)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create(texts, CPU);
        var logits = network.Forward(batch).to(float64) / Labels.Temperature; // [texts, labels]
        if (!isfinite(logits).all().item<bool>())
        {
            throw new InvalidDataException($"Version '{Version}' computes numbers that are not finite: its weights are damaged.");
        }

        var flat = logits.softmax(1).data<double>().ToArray();
        return [.. flat.Chunk(Labels.Labels.Count)];
    }

    /// <summary>One text through the model, before it is trusted with others.</summary>
    /// <exception cref="InvalidDataException">The weights give no finite numbers.</exception>
    public void SmokeTest() => Probabilities([Encode(SmokeTestText).Ids]);

    /// <summary>Merges the adapter into copies of the base's weights, a few linears a step.</summary>
    /// <param name="previous">The version before: each of its merged weights is given up for the new one. It answers no more.</param>
    public IEnumerable MergeSteps(LoadedModel? previous)
    {
        foreach (var (fused, given) in FusedLinears.Zip(previous?.FusedLinears ?? FusedLinears.Select(FusedLinear? (_) => null)))
        {
            fused.Merge(precision.Merged, given);
            yield return fused;
        }

        precision.LogSelection(network.Config);
    }

    public void Dispose() => network.Dispose();

    private IEnumerable<FusedLinear> FusedLinears => network.FusedLinears;
}
