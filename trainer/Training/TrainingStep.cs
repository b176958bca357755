using System.Runtime.InteropServices;
using Serverless.Llama;
using Serverless.Llama.Kernels;
using Serverless.Llama.Lora;
using Serverless.Trainer.Data;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Trainer.Training;

/// <summary>
/// One optimizer step: for each pass pack, forward, loss, backward; then clip and AdamW. On a CPU each core takes articles of its
/// own. How the articles are cut into passes changes the memory it takes and nothing else, so a step that runs out of memory is taken again in
/// smaller passes.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    // oneDNN compiles its kernels for a number of tokens: 25 of them, 0.3 ms each, for each number that is new.
    private const int TokenMultiple = 64;

    private readonly LlamaForSequenceClassification model;
    private readonly TrainOptions options;
    private readonly Hardware hardware;
    private readonly Article[] train;
    private readonly TextWriter log;
    private readonly Tensor[] parameters;
    private readonly AdamW optimizer;
    private readonly LossScaler scaler;
    private readonly DataParallel parallel;

    /// <param name="log">Told when memory runs out.</param>
    public TrainingStep(LlamaForSequenceClassification model, TrainOptions options, Hardware hardware, Article[] train, TextWriter log)
    {
        (this.model, this.options, this.hardware, this.train, this.log) = (model, options, hardware, train, log);
        parameters = [.. model.TrainableParameters.Select(parameter => parameter.Value)];
        optimizer = new AdamW(parameters, options.WeightDecay);
        scaler = new LossScaler(enabled: hardware.Type == ScalarType.Float16);
        // In fp16 dropout draws from libtorch's one generator, which threads would share in an order of chance.
        parallel = new DataParallel(hardware.Device.type == DeviceType.CPU && hardware.Type != ScalarType.Float16 ? get_num_threads() : 1);
        MicroBatchTokens = options.PerDeviceTrainBatchSize * options.MaxLength;
    }

    /// <summary>The most tokens in the passes that are computed at once; one article may have more.</summary>
    public int MicroBatchTokens { get; private set; }

    /// <summary>Steps that an fp16 overflow cost.</summary>
    public int Skipped => scaler.Skipped;

    /// <summary>What a checkpoint must hold besides the parameters and the numbers of the position.</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors => optimizer.Tensors.Select(entry => ($"optimizer.{entry.Name}", entry.Value));

    /// <summary>The numbers of the position that a step leaves.</summary>
    public (int OptimizerSteps, int MicroBatchTokens, LossScale LossScale) State => (optimizer.Steps, MicroBatchTokens, scaler.State);

    public void Resume(TrainingPosition position) =>
        (optimizer.Steps, MicroBatchTokens, scaler.State) = (position.OptimizerSteps, position.MicroBatchTokens, position.LossScale);

    /// <param name="articles">Shortest first.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="number">From 1.</param>
    /// <returns>The mean loss over its articles, however they are cut into passes.</returns>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    /// <exception cref="InsufficientMemoryException">Not even a single article fits.</exception>
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

        return loss.Value / articles.Count;
    }

    public void Dispose()
    {
        parallel.Dispose();
        optimizer.Dispose();
    }

    /// <summary>Leaves the gradient of the mean loss, times the loss scale.</summary>
    /// <returns>The sum of the losses; null if memory ran out.</returns>
    private double? Backward(IReadOnlyList<int> articles, int number)
    {
        try
        {
            var span = new RandomCrop(options.RandomSpan, options.Seed, number);
            var tokenDropout = new TokenDropout(options.TokenDropout, options.Seed, number);
            Article[] read = [.. articles.Select(article => train[article] with { Ids = tokenDropout.Apply(span.Apply(train[article].Ids)) })];
            optimizer.ZeroGradient();
            var parts = parallel.RunPartitions([.. read.Select(article => article.Ids.Length)], partition =>
            {
                // A function of the step: nothing of a generator's past has to be saved.
                var dropout = LoraDropout.For(hardware.Device, hardware.Type, unchecked((options.Seed * 1_000_003) + (share.Number * 15_485_867) + number));
                Article[] shared = [.. share.Texts.Order().Select(article => read[article])];
                return Backward(SplitIntoMicroBatches(shared, MicroBatchTokens / share.Of), dropout, scaler.Scale / articles.Count);
            });
            foreach (var (_, gradients) in parts)
            {
                gradients.MoveToParameters();
            }

            return parts.Sum(part => part.Loss);
        }
        catch (ExternalException exception) when (OutOfMemory.Is(exception))
        {
            return null;
        }
    }

    /// <returns>The sum of the losses, and the gradients of its product with the scale.</returns>
    private (double Loss, GradientAccumulator Gradients) Backward(IEnumerable<Article[]> microBatches, LoraDropout dropout, double scale)
    {
        var gradients = new GradientAccumulator(parameters);
        var sum = 0.0;
        foreach (var microBatch in microBatches)
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. microBatch.Select(article => article.Ids)], hardware.Device, TokenMultiple);
            var labels = tensor(microBatch.Select(article => (long)article.Label).ToArray(), device: hardware.Device);
            var loss = functional.cross_entropy(model.Forward(batch, dropout), labels, reduction: Reduction.Sum);
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
            throw new InsufficientMemoryException(
                $"Memory is not enough for a single article of {longest} tokens. Lower --max-length or --lora-rank, or take a smaller base model or a larger machine.");
        }

        var tokens = articles.Sum(article => train[article].Ids.Length);
        MicroBatchTokens = Math.Max(Math.Min(MicroBatchTokens, tokens) / 2, longest);
        log.WriteLine(
            $"Out of memory at step {number}: from here on at most {MicroBatchTokens} tokens in a micro-batch, and more micro-batches a step. " +
            $"The result is the same; a lower --per-device-train-batch-size does so from the start.");
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
