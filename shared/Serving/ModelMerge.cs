using Serverless.Llama;
using Serverless.Llama.Lora;

namespace Serverless.Serving;

/// <summary>Merges the adapter of a version into copies of the base's weights, step by step, so that requests can run in between.</summary>
internal sealed class ModelMerge
{
    private readonly LlamaForSequenceClassification network;
    private readonly PrecisionSelector precision;
    private readonly Queue<(FusedLinear Layer, FusedLinear? Retired)> remaining;

    /// <param name="network">The version's network.</param>
    /// <param name="previous">The network of the retired version, whose merged weights are released one by one; null if there is none.</param>
    /// <param name="precision">What merged weights are rounded to.</param>
    public ModelMerge(LlamaForSequenceClassification network, LlamaForSequenceClassification? previous, PrecisionSelector precision)
    {
        this.network = network;
        this.precision = precision;
        var layers = network.FusedLinears;
        var retired = previous?.FusedLinears ?? layers.Select(FusedLinear? (_) => null);
        remaining = new(layers.Zip(retired));
    }

    /// <summary>Merges the next linear layers that share an input; the last step logs the precision.</summary>
    /// <returns>True until the last step.</returns>
    public bool Step()
    {
        if (remaining.TryDequeue(out var pair))
        {
            pair.Layer.Merge(precision.Merged, pair.Retired);
            return true;
        }

        precision.LogSelection(network.Config);
        return false;
    }
}
