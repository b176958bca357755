using System.Runtime.InteropServices;
using Serverless.Llama.Kernels;
using Serverless.Llama;
using Serverless.Trainer.Data;
using static TorchSharp.torch;

namespace Serverless.Trainer.Evaluation;

/// <summary>Computes a model's logits for articles, in batches of similar length. If memory runs out, it continues with smaller batches.</summary>
/// <param name="forward">Computes one logit per label for each sequence.</param>
/// <param name="device">The device to compute on.</param>
/// <param name="batchSize">Articles in a batch.</param>
/// <param name="log">Receives a line when memory runs out.</param>
internal sealed class Evaluator(Func<PackedBatch, Tensor> forward, Device device, int batchSize, TextWriter log)
{
    private int currentBatchSize = batchSize;

    public Evaluator(LlamaForSequenceClassification model, Device device, int batchSize, TextWriter log)
        : this(batch => model.Forward(batch), device, batchSize, log)
    {
    }

    public Predictions Predict(IReadOnlyList<Article> articles, CancellationToken cancellationToken) =>
        new(Logits([.. articles.Select(article => article.Ids)], cancellationToken), [.. articles.Select(article => article.Label)]);

    /// <param name="sequences">Token ids.</param>
    /// <param name="cancellationToken">Stops the work between two batches.</param>
    /// <returns>One logit per label for each sequence, in the given order.</returns>
    /// <exception cref="MemoryExhaustedException">Not even a single article fits.</exception>
    public float[][] Logits(IReadOnlyList<int[]> sequences, CancellationToken cancellationToken)
    {
        var logits = new float[sequences.Count][];
        var order = Enumerable.Range(0, sequences.Count).OrderBy(row => sequences[row].Length).ToArray();
        for (var done = 0; done < order.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = order.AsSpan(done, Math.Min(currentBatchSize, order.Length - done)).ToArray();
            if (TryForward([.. rows.Select(row => sequences[row])]) is not { } values)
            {
                HalveBatchSize(rows.Length, sequences[rows[^1]].Length);
                continue;
            }

            foreach (var (row, value) in rows.Zip(values))
            {
                logits[row] = value;
            }

            done += rows.Length;
        }

        return logits;
    }

    /// <returns>Null if memory ran out.</returns>
    private IEnumerable<float[]>? TryForward(IReadOnlyList<int[]> sequences)
    {
        try
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(sequences, device);
            var flat = forward(batch).cpu().data<float>().ToArray();
            return flat.Chunk(flat.Length / sequences.Count);
        }
        catch (ExternalException exception) when (TorchErrors.IsOutOfMemory(exception))
        {
            return null;
        }
    }

    private void HalveBatchSize(int articles, int longest)
    {
        if (articles == 1)
        {
            throw new MemoryExhaustedException(
                $"Not enough memory to classify a single article of {longest} tokens. Lower --max-length, or use a smaller base model or a larger machine.");
        }

        currentBatchSize = articles / 2;
        log.WriteLine(
            $"Out of memory in an evaluation: continuing with {currentBatchSize} articles per batch. " +
            "A lower --per-device-eval-batch-size avoids this.");
    }
}
