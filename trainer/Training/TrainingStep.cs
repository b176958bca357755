using System.Runtime.InteropServices;
using Serverless.Llama;
using Serverless.Llama.Kernels;
using Serverless.Llama.Lora;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Trainer.Training;

/// <summary>
/// One optimizer step: pack, forward, loss and backward for each micro-batch, then clip and AdamW. On a CPU each core computes its
/// own articles. The size of the micro-batches affects memory only, not the result, so a step that runs out of memory is repeated
/// with smaller micro-batches.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    // oneDNN compiles its kernels for each new number of tokens: 25 kernels, 0.3 ms each. So micro-batches are padded to a multiple.
    private const int TokenMultiple = 64;

    private readonly LlamaForSequenceClassification model;
    private readonly TrainOptions options;
    private readonly Hardware hardware;
    private readonly Article[] train;
    private readonly float[]? classWeights;
    private readonly Tensor? classWeightsTensor;
    private readonly TextWriter log;
    private readonly Tensor[] parameters;
    private readonly AdamW optimizer;
    private readonly LossScaler scaler;
    private readonly DataParallel parallel;

    /// <param name="log">Receives a line when memory runs out.</param>
    /// <param name="classWeights">The weight of each label's articles in the loss; null for equal weights.</param>
    public TrainingStep(
        LlamaForSequenceClassification model, TrainOptions options, Hardware hardware, Article[] train, TextWriter log, float[]? classWeights = null)
    {
        this.model = model;
        this.options = options;
        this.hardware = hardware;
        this.train = train;
        this.log = log;
        this.classWeights = classWeights;
        classWeightsTensor = classWeights is null ? null : tensor(classWeights, device: hardware.Device).DetachFromDisposeScope();
        parameters = [.. model.TrainableParameters.Select(parameter => parameter.Value)];
        optimizer = new AdamW(parameters, options.WeightDecay);
        scaler = new LossScaler(enabled: hardware.Type == ScalarType.Float16);
        // In fp16, dropout uses libtorch's global generator, which threads would use in a random order.
        parallel = new DataParallel(hardware.Device.type == DeviceType.CPU && hardware.Type != ScalarType.Float16 ? get_num_threads() : 1);
        MicroBatchTokens = options.PerDeviceTrainBatchSize * options.MaxLength;
    }

    /// <summary>Maximum number of tokens in the micro-batches that are computed at once; a single article may have more.</summary>
    public int MicroBatchTokens { get; private set; }

    /// <summary>Steps that were skipped because of an fp16 overflow.</summary>
    public int Skipped => scaler.Skipped;

    /// <summary>The optimizer's tensors, for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors => optimizer.Tensors.Select(entry => ($"optimizer.{entry.Name}", entry.Value));

    /// <summary>The other state, for a checkpoint.</summary>
    public (int OptimizerSteps, int MicroBatchTokens, LossScale LossScale) State => (optimizer.Steps, MicroBatchTokens, scaler.State);

    public void Resume(TrainingPosition position)
    {
        optimizer.Steps = position.OptimizerSteps;
        MicroBatchTokens = position.MicroBatchTokens;
        scaler.State = position.LossScale;
    }

    /// <param name="articles">Shortest first.</param>
    /// <param name="learningRate">The learning rate of this step.</param>
    /// <param name="number">The step number, from 1.</param>
    /// <returns>The mean loss over its articles, weighted by class, regardless of the micro-batches.</returns>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    /// <exception cref="MemoryExhaustedException">Not even one article fits into memory.</exception>
    public double Run(IReadOnlyList<int> articles, double learningRate, int number)
    {
        var loss = Backward(articles, number);
        while (loss is null)
        {
            HalveMicroBatches(articles, number);
            loss = Backward(articles, number);
        }

        var norm = optimizer.ClipGradient(options.MaxGradNorm, scaler.Scale);
        if (scaler.Accept(norm, number))
        {
            optimizer.Step(learningRate);
        }

        return loss.Value / SumOfWeights(articles);
    }

    public void Dispose()
    {
        parallel.Dispose();
        optimizer.Dispose();
        classWeightsTensor?.Dispose();
    }

    /// <summary>What the loss of a step is divided by: the number of its articles, or the sum of their weights.</summary>
    private double SumOfWeights(IReadOnlyList<int> articles) =>
        classWeights is null ? articles.Count : articles.Sum(article => (double)classWeights[train[article].Label]);

    /// <summary>Computes the gradient of the mean loss times the loss scale.</summary>
    /// <returns>The sum of the losses; null if memory ran out.</returns>
    private double? Backward(IReadOnlyList<int> articles, int number)
    {
        try
        {
            var crop = new RandomCrop(options.RandomSpan, options.Seed, number);
            var tokenDropout = new TokenDropout(options.TokenDropout, options.Seed, number);
            Article[] read = [.. articles.Select(article => train[article] with { Ids = tokenDropout.Apply(crop.Apply(train[article].Ids)) })];
            optimizer.ZeroGradient();
            var parts = parallel.RunPartitions([.. read.Select(article => article.Ids.Length)], partition =>
            {
                // A function of the step, so that a checkpoint needs no generator state.
                var seed = unchecked((options.Seed * 1_000_003) + (partition.Index * 15_485_867) + number);
                var dropout = LoraDropout.Create(hardware.Device, hardware.Type, seed);
                Article[] shared = [.. partition.Texts.Order().Select(article => read[article])];
                return Backward(SplitIntoMicroBatches(shared, MicroBatchTokens / partition.Count), dropout, scaler.Scale / SumOfWeights(articles));
            });
            foreach (var (_, gradients) in parts)
            {
                gradients.MoveToParameters();
            }

            return parts.Sum(part => part.Loss);
        }
        catch (ExternalException exception) when (TorchErrors.IsOutOfMemory(exception))
        {
            return null;
        }
    }

    /// <returns>The sum of the losses, and the gradients of the sum times the scale.</returns>
    private (double Loss, GradientAccumulator Gradients) Backward(IEnumerable<Article[]> microBatches, LoraDropout dropout, double scale)
    {
        var gradients = new GradientAccumulator(parameters);
        var sum = 0.0;
        foreach (var microBatch in microBatches)
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. microBatch.Select(article => article.Ids)], hardware.Device, TokenMultiple);
            var labels = tensor(microBatch.Select(article => (long)article.Label).ToArray(), device: hardware.Device);
            var loss = functional.cross_entropy(model.Forward(batch, dropout), labels, classWeightsTensor, reduction: Reduction.Sum);
            gradients.Backward(loss * scale);
            sum += loss.item<float>();
        }

        return (sum, gradients);
    }

    private void HalveMicroBatches(IReadOnlyList<int> articles, int number)
    {
        var longest = articles.Max(article => train[article].Ids.Length);
        if (MicroBatchTokens <= longest)
        {
            throw new MemoryExhaustedException(
                $"Not enough memory for a single article of {longest} tokens. " +
                "Lower --max-length or --lora-rank, or use a smaller base model or a larger machine.");
        }

        var tokens = articles.Sum(article => train[article].Ids.Length);
        MicroBatchTokens = Math.Max(Math.Min(MicroBatchTokens, tokens) / 2, longest);
        log.WriteLine(
            $"Out of memory at step {number}: continuing with at most {MicroBatchTokens} tokens per micro-batch. " +
            $"The result is the same. A lower --per-device-train-batch-size avoids this.");
    }

    private static IEnumerable<Article[]> SplitIntoMicroBatches(Article[] articles, int maxTokens)
    {
        var (microBatch, tokens) = (new List<Article>(), 0);
        foreach (var article in articles)
        {
            if (microBatch.Count > 0 && tokens + article.Ids.Length > maxTokens)
            {
                yield return [.. microBatch];
                (microBatch, tokens) = ([], 0);
            }

            microBatch.Add(article);
            tokens += article.Ids.Length;
        }

        yield return [.. microBatch];
    }
}
