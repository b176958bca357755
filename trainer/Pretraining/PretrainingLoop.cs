using Serverless.Llama;
using Serverless.Llama.Kernels;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>
/// The state of a pretraining after one step. Losses are means, in nats per token; the held-out loss is null between evaluations and
/// without held-out text.
/// </summary>
internal sealed record PretrainingProgress(int Step, int Steps, double Loss, double? HeldOutLoss, double LearningRate, double TokensPerSecond);

/// <summary>
/// Trains a Llama model to predict the next token. Weights and optimizer state are fp32, matrix products are of the compute
/// type. Weights, moments and the step are the whole state, so a checkpoint of these is enough to resume.
/// </summary>
internal sealed class PretrainingLoop : IDisposable
{
    private const double Beta2 = 0.95; // a shorter memory than fine-tuning's .999, usual where every step brings new text
    private const double MaxGradNorm = 1.0;

    // 1,024 tokens × 256 channels × 4 bytes = 1 MB: the activations of a micro-batch stay in the cache.
    private const int MicroBatchTokens = 1024;

    // oneDNN compiles its kernels for each number of tokens, so micro-batches are padded to a multiple.
    private const int TokenMultiple = 64;

    private readonly PretrainOptions options;
    private readonly ScalarType computeType;
    private readonly LlamaWeights weights;
    private readonly LlamaModel model;
    private readonly Tensor[] parameters;
    private readonly AdamW optimizer;
    private readonly PretrainingCheckpoint checkpoint;
    private readonly Tensor embedding;
    private readonly CandidateTokens candidates;
    private readonly BagOfWords? bagOfWords;
    private readonly DataParallel parallel = new(get_num_threads());
    private readonly IReadOnlyList<int[]> training;

    /// <param name="weights">The trained weights, fp32; the loop takes ownership.</param>
    /// <param name="options">The options.</param>
    /// <param name="computeType">The type of the matrix products.</param>
    /// <param name="training">Token ids of the text.</param>
    /// <param name="checkpointPath">The checkpoint file.</param>
    public PretrainingLoop(
        LlamaWeights weights, PretrainOptions options, ScalarType computeType, IReadOnlyList<int[]> training, string checkpointPath)
    {
        this.weights = weights;
        this.options = options;
        this.computeType = computeType;
        this.training = training;
        foreach (var (_, weight) in weights.NamedTensors)
        {
            weight.requires_grad = true;
        }

        model = new LlamaModel(weights, computeType, residualType: float32);
        var frequencies = CandidateTokens.Frequencies(training, weights.Config.VocabSize);
        candidates = new CandidateTokens(frequencies, options.SampledTokens);
        bagOfWords = options.BagOfWordsWeight > 0 ? new BagOfWords(frequencies, weights.Config.HiddenSize, options.BagOfWordsWeight) : null;
        (string Name, Tensor Value)[] trained =
        [
            .. weights.NamedTensors,
            .. bagOfWords is null ? [] : new[] { ("bag_of_words.weight", bagOfWords.Projection) },
        ];
        parameters = [.. trained.Select(entry => entry.Value)];
        optimizer = new AdamW(parameters, options.WeightDecay, Beta2);
        checkpoint = new PretrainingCheckpoint(checkpointPath, trained, optimizer);
        embedding = weights["model.embed_tokens.weight"];
    }

    /// <summary>The trained weights, fp32; valid until the loop is disposed.</summary>
    public LlamaWeights Weights => weights;

    public int Steps => (int)(options.TotalTokens / options.BatchTokens);

    /// <summary>Trains from the last checkpoint, if there is one, to the end.</summary>
    public void Run(
        IReadOnlyList<int[]> heldOut, IProgress<PretrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
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

            progress.Report(new PretrainingProgress(step, Steps, loss, save && heldOut.Count > 0 ? Evaluate(heldOut) : null, learningRate, speed));
        }
    }

    public void Dispose()
    {
        parallel.Dispose();
        optimizer.Dispose();
        bagOfWords?.Dispose();
        model.Dispose();
        weights.Dispose();
    }

    /// <summary>Warm-up, plateau, linear decay to zero. The run can be extended until the decay begins.</summary>
    private double LearningRate(int step)
    {
        var warmup = (step + 1.0) / options.WarmupSteps;
        var decay = (Steps - step) / (options.DecayRatio * Steps);
        return options.LearningRate * Math.Min(1, Math.Min(warmup, decay));
    }

    private double Step(int[][] sequences, double learningRate)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradient();
        var outputEmbedding = embedding.detach().to(computeType);
        var rowsInStep = sequences.Sum(sequence => (long)sequence.Length - 1);
        var bagRowsInStep = BagOfWords.Rows(sequences);
        var parts = parallel.RunPartitions([.. sequences.Select(sequence => sequence.Length)], partition =>
        {
            // A function of the step, so that a resumed run is the same.
            var random = new Random(unchecked((options.Seed * 7919) + (optimizer.Steps * 31) + partition.Index));
            return Backward([.. partition.Texts.Select(sequence => sequences[sequence])], random, outputEmbedding, rowsInStep, bagRowsInStep);
        });
        foreach (var (_, gradients) in parts)
        {
            gradients.MoveToParameters();
        }

        if (!double.IsFinite(optimizer.ClipGradient(MaxGradNorm)))
        {
            throw new TrainingDivergedException(optimizer.Steps);
        }

        optimizer.Step(learningRate);
        return parts.Sum(part => part.Loss) / rowsInStep;
    }

    /// <returns>The sum of the losses of the given sequences, and their gradients.</returns>
    private (double Loss, GradientAccumulator Gradients) Backward(
        IReadOnlyList<int[]> share, Random random, Tensor outputEmbedding, long rowsInStep, int bagRowsInStep)
    {
        var gradients = new GradientAccumulator(parameters);
        var outputEmbeddingGradient = gradients[embedding]; // tied: both uses of the embedding contribute
        var loss = 0.0;
        foreach (var part in TextBatches.Divide(share, MicroBatchTokens))
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(part, CPU, TokenMultiple);
            var (rows, targets) = NextTokens(batch);
            var hidden = model.Forward(batch, pooledOnly: false);
            // A leaf between the decoder and the two heads: it collects their gradients, so that one backward pass through the decoder is enough.
            var states = hidden.detach().requires_grad_(true);
            bagOfWords?.Backward(states, batch, outputEmbedding, gradients, outputEmbeddingGradient, bagRowsInStep);
            var (sum, gradient) = LanguageModelHead.Backward(
                states.detach().index_select(0, rows),
                outputEmbedding,
                outputEmbeddingGradient,
                candidates.For(targets.data<int>().ToArray(), random),
                rowsInStep);
            loss += sum;
            (states.grad ??= zeros_like(states)).index_add_(0, rows, gradient, alpha: 1);
            gradients.Backward(hidden, states.grad);
        }

        return (loss, gradients);
    }

    private double Evaluate(IReadOnlyList<int[]> sequences)
    {
        using var guard = no_grad();
        var (loss, count) = (0.0, 0L);
        foreach (var part in TextBatches.Cut(sequences.OrderBy(sequence => sequence.Length), MicroBatchTokens))
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(part, CPU);
            var (rows, targets) = NextTokens(batch);
            var hidden = model.Forward(batch, pooledOnly: false).index_select(0, rows);
            loss += LanguageModelHead.Loss(hidden, embedding.to(computeType), targets);
            count += rows.shape[0];
        }

        return loss / count;
    }

    /// <summary>The rows with a next token (all but the last of each sequence), and those tokens.</summary>
    private static (Tensor Rows, Tensor Targets) NextTokens(PackedBatch batch)
    {
        var keep = ones(batch.Tokens - batch.Padding, @bool);
        keep.index_fill_(0, batch.LastTokens, false);
        var rows = keep.nonzero().squeeze(1);
        return (rows, batch.Ids.index_select(0, rows + 1));
    }
}
