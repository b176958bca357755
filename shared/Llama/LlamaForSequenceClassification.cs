using Serverless.Llama.Lora;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Llama;

/// <summary>
/// A Llama, or one of its relatives, with a classification head: one linear layer on the hidden state of each text's last token.
/// Follows transformers' <c>LlamaForSequenceClassification</c> and PEFT's task <c>SEQ_CLS</c>.
/// </summary>
public sealed class LlamaForSequenceClassification : IDisposable
{
    private readonly LlamaWeights weights;
    private readonly LlamaModel model;
    private Tensor? score; // the classification head, [labels, hidden], fp32

    /// <param name="weights">The weights of the base model. They are not disposed with this model, so several classifiers can share them.</param>
    /// <param name="computeType">Data type of the matrix products; by default that of the base model.</param>
    /// <param name="residualType">Data type of the residual stream; by default that of the base model, fp32 for training.</param>
    public LlamaForSequenceClassification(LlamaWeights weights, ScalarType? computeType = null, ScalarType? residualType = null)
    {
        this.weights = weights;
        model = new LlamaModel(weights, computeType ?? weights.Type, residualType ?? weights.Type);
        if (weights.Head is { } head)
        {
            SetScore(head.to(float32, copy: true));
        }
    }

    public LlamaConfig Config => weights.Config;

    public int NumLabels => (int)Score.shape[0];

    /// <summary>The linear layers in checkpoint order, grouped as they are merged.</summary>
    public IEnumerable<FusedLinear> FusedLinears => model.FusedLinears;

    /// <summary>The LoRA matrices and the classification head, fp32, under PEFT's names without the prefix <c>base_model.model.</c>.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> TrainableParameters =>
    [
        .. model.EmbedTokens.LoraA is null ? [] : new[]
        {
            ($"{LoraEmbedding.Name}.lora_embedding_A", model.EmbedTokens.LoraA),
            ($"{LoraEmbedding.Name}.lora_embedding_B", model.EmbedTokens.LoraB!),
        },
        .. model.Linears.Where(linear => linear.LoraA is not null).SelectMany(linear => new[]
        {
            ($"{linear.Name}.lora_A.weight", linear.LoraA!),
            ($"{linear.Name}.lora_B.weight", linear.LoraB!),
        }),
        (LlamaWeights.ScoreName, Score),
    ];

    /// <summary>The decoder, whose layers an adapter changes.</summary>
    internal LlamaModel Model => model;

    internal Device Device => weights.Device;

    private Tensor Score => score ?? throw new InvalidOperationException("The model has no classification head: add or load an adapter first.");

    /// <summary>
    /// Adds a new adapter for training, initialized as PEFT does: A uniform in ±1/√in and B zero; for the embedding A zero and B standard
    /// normal; the head normal with the standard deviation <see cref="LlamaConfig.InitializerRange"/>.
    /// </summary>
    /// <param name="config">The configuration of the adapter.</param>
    /// <param name="numLabels">Number of labels: rows of the head.</param>
    /// <param name="seed">Seed of the random numbers.</param>
    /// <param name="headRows">Rows of the checkpoint's head that the new head starts as, one for each label; null for a random head.</param>
    public void AddLora(LoraConfig config, int numLabels, int seed, IReadOnlyList<long>? headRows = null)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        foreach (var linear in model.Linears.Where(linear => config.IsTargetModule(linear.Name)))
        {
            var (rows, columns) = (linear.Weight.shape[0], linear.Weight.shape[1]);
            var a = (rand(config.Rank, columns, generator: generator) * 2 - 1) / Math.Sqrt(columns);
            linear.SetLora(Trainable(a), Trainable(zeros(rows, config.Rank)), config);
        }

        if (config.IsTargetModule(LoraEmbedding.Name))
        {
            var (tokens, hidden) = (weights.Config.VocabSize, weights.Config.HiddenSize);
            model.EmbedTokens.SetLora(Trainable(zeros(config.Rank, tokens)), Trainable(randn(hidden, config.Rank, generator: generator)), config);
        }

        SetScore(Trainable(headRows is not null && weights.Head is { } head && head.shape[0] == headRows.Count
            ? head.to(float32).to(CPU).index_select(0, tensor(headRows.ToArray()))
            : randn(numLabels, weights.Config.HiddenSize, generator: generator) * weights.Config.InitializerRange));
    }

    /// <param name="batch">The texts.</param>
    /// <param name="dropout">Dropout of the LoRA layers in training; null in inference.</param>
    /// <returns>Logits, <c>[sequences, labels]</c>, fp32, in the order of the sequences passed to <see cref="PackedBatch.Create"/>.</returns>
    public Tensor Forward(PackedBatch batch, LoraDropout? dropout = null)
    {
        using var scope = NewDisposeScope();
        var pooled = model.Forward(batch, pooledOnly: true, dropout).to(float32); // [sequences, hidden]
        return functional.linear(pooled, Score).index_select(0, batch.Order).MoveToOuterDisposeScope();
    }

    /// <summary>Sets the classification head, <c>[labels, hidden]</c>, fp32, which is disposed with this model.</summary>
    internal void SetScore(Tensor value)
    {
        score?.Dispose();
        score = value.DetachFromDisposeScope();
    }

    public void Dispose()
    {
        model.Dispose();
        score?.Dispose();
    }

    private Tensor Trainable(Tensor value) => value.to(weights.Device).detach().requires_grad_(true);
}
