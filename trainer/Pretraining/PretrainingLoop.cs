using Serverless.Model;
using Serverless.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>How far a pretraining is. Losses are means, in nats a token; the held-out one is null between evaluations.</summary>
internal sealed record PretrainingProgress(int Step, int Steps, double Loss, double? HeldOutLoss, double LearningRate, double TokensPerSecond);

/// <summary>
/// Teaches a fresh Llama to predict the next token. Weights and optimizer are 32 bit, matrix products
/// <c>computeType</c>. Everything it needs to know of its past lies in the checkpoint: weights, moments, step.
/// </summary>
internal sealed class PretrainingLoop : IDisposable
{
    private const double Beta2 = 0.95; // a shorter memory than fine-tuning's .999, usual where every step brings new text
    private const double MaxGradNorm = 1.0;

    // 1,024 tokens × 256 channels × 4 bytes = 1 MB: the activations of a pass stay in the cache.
    private const int PassTokens = 1024;

    private readonly PretrainOptions options;
    private readonly ScalarType computeType;
    private readonly LlamaWeights weights;
    private readonly Llama model;
    private readonly AdamW optimizer;
    private readonly PretrainingCheckpoint checkpoint;
    private readonly Tensor embedding;

    public PretrainingLoop(PretrainOptions options, ScalarType computeType, string checkpointPath)
    {
        (this.options, this.computeType) = (options, computeType);
        weights = LlamaWeights.Random(options.Shape(), float32, options.Seed);
        foreach (var (_, weight) in weights.All)
        {
            weight.requires_grad = true;
        }

        model = new Llama(weights, computeType, residualType: float32);
        optimizer = new AdamW([.. weights.All.Select(entry => entry.Value)], options.WeightDecay, Beta2);
        checkpoint = new PretrainingCheckpoint(checkpointPath, weights, optimizer);
        embedding = weights["model.embed_tokens.weight"];
    }

    /// <summary>fp32; valid as long as this loop.</summary>
    public LlamaWeights Weights => weights;

    public int Steps => (int)(options.TotalTokens / options.BatchTokens);

    /// <summary>Trains from the last checkpoint, if there is one, to the end.</summary>
    public void Run(
        IReadOnlyList<int[]> training, IReadOnlyList<int[]> heldOut, IProgress<PretrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var step = checkpoint.Resume();
        foreach (var batch in new TextBatches(training, options.BatchTokens, options.Seed).All().Skip(step).Take(Steps - step))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var begin = time.GetTimestamp();
            var learningRate = LearningRate(step);
            var loss = Step(batch, learningRate);
            var speed = batch.Sum(sequence => sequence.Length) / time.GetElapsedTime(begin).TotalSeconds;
            step++;
            var save = step % options.SaveSteps == 0 || step == Steps;
            if (save)
            {
                checkpoint.Save(step);
            }

            progress.Report(new PretrainingProgress(step, Steps, loss, save ? Evaluate(heldOut) : null, learningRate, speed));
        }
    }

    public void Dispose()
    {
        optimizer.Dispose();
        model.Dispose();
        weights.Dispose();
    }

    /// <summary>A linear climb, a plateau, and a linear descent to zero: the run can be made longer until the descent begins.</summary>
    private double LearningRate(int step)
    {
        var climb = (step + 1.0) / options.WarmupSteps;
        var descent = (Steps - step) / (options.DecayRatio * Steps);
        return options.LearningRate * Math.Min(1, Math.Min(climb, descent));
    }

    private double Step(int[][] sequences, double learningRate)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradient();
        var rowsInStep = sequences.Sum(sequence => (long)sequence.Length - 1);
        var projection = embedding.detach().to(computeType);
        var projectionGradient = zeros(embedding.shape[1], embedding.shape[0]);
        var loss = 0.0;
        foreach (var part in TextBatches.Cut(sequences, PassTokens))
        {
            using var pass = NewDisposeScope();
            using var batch = PackedBatch.Create(part, CPU);
            var (rows, targets) = NextTokens(batch);
            var hidden = model.Forward(batch, pooledOnly: false, training: true).index_select(0, rows);
            loss += LanguageModelHead.Backward(hidden, projection, projectionGradient, targets, rowsInStep);
        }

        using (no_grad())
        {
            embedding.grad!.add_(projectionGradient.t()); // tied: the embedding learns from both of its uses
        }

        if (!double.IsFinite(optimizer.ClipGradient(MaxGradNorm)))
        {
            throw new TrainingDivergedException(optimizer.Steps);
        }

        optimizer.Step(learningRate);
        return loss / rowsInStep;
    }

    private double Evaluate(IReadOnlyList<int[]> sequences)
    {
        using var guard = no_grad();
        var (loss, count) = (0.0, 0L);
        foreach (var part in TextBatches.Cut(sequences.OrderBy(sequence => sequence.Length), PassTokens))
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(part, CPU);
            var (rows, targets) = NextTokens(batch);
            var hidden = model.Forward(batch, pooledOnly: false, training: false).index_select(0, rows);
            loss += LanguageModelHead.Loss(hidden, embedding.to(computeType), targets);
            count += rows.shape[0];
        }

        return loss / count;
    }

    /// <summary>The rows that have a next token (all but each sequence's last), and those tokens.</summary>
    private static (Tensor Rows, Tensor Targets) NextTokens(PackedBatch batch)
    {
        var keep = ones(batch.Tokens, @bool);
        keep.index_fill_(0, batch.Last, false);
        var rows = keep.nonzero().squeeze(1);
        return (rows, batch.Ids.index_select(0, rows + 1));
    }
}
