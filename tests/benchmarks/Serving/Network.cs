using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.Benchmarks.Serving;

/// <summary>A base model with an adapter, as the classifier runs it.</summary>
internal sealed class Network : IDisposable
{
    private readonly LlamaWeights weights;
    private readonly LlamaForSequenceClassification model;
    private readonly DataParallel parallel = new(get_num_threads());

    private Network(LlamaWeights weights)
    {
        this.weights = weights;
        model = new LlamaForSequenceClassification(weights);
    }

    public LlamaConfig Config => weights.Config;

    /// <param name="baseFolder">The Hugging Face folder.</param>
    /// <param name="adapterFolder">The PEFT folder.</param>
    /// <param name="type">The type of the computation.</param>
    /// <param name="merged">The precision of the merged weights; null to apply the adapter unmerged.</param>
    public static Network Open(string baseFolder, string adapterFolder, ScalarType type, Precision? merged)
    {
        using var adapter = PeftAdapter.Read(adapterFolder);
        var network = new Network(HuggingFaceFolder.Open(baseFolder).LoadWeights(type));
        adapter.ApplyTo(network.model);
        if (merged is { } precision)
        {
            foreach (var fused in network.model.FusedLinears)
            {
                fused.Merge(precision);
            }
        }

        return network;
    }

    /// <summary>Operations that the linear layers need for one token: a multiplication and an addition for each weight.</summary>
    public double OperationsPerToken => 2.0 * model.FusedLinears.SelectMany(fused => fused.Parts).Sum(part => part.Weight.numel());

    /// <summary>The shapes of the fused linear layers.</summary>
    public IReadOnlyList<(long Outputs, long Inputs)> Shapes =>
        [.. model.FusedLinears.Select(fused => (fused.Parts.Sum(part => part.Weight.shape[0]), fused.Parts[0].Weight.shape[1]))];

    /// <returns>For each text, one logit per label.</returns>
    public float[][] Logits(IReadOnlyList<int[]> texts) => parallel.Run(texts, Pass);

    public void Dispose()
    {
        parallel.Dispose();
        model.Dispose();
        weights.Dispose();
    }

    private float[][] Pass(IReadOnlyList<int[]> texts)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create(texts, CPU);
        return [.. model.Forward(batch).data<float>().ToArray().Chunk(model.NumLabels)];
    }
}
