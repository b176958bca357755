using System.Runtime.InteropServices;
using Serverless.Llama.Kernels;
using Serverless.Llama;
using Serverless.Trainer.Data;
using static TorchSharp.torch;

namespace Serverless.Trainer.Evaluation;

/// <summary>Runs a model over articles, those of like length together. Where memory runs out, it goes on in smaller passes.</summary>
/// <param name="forward">One logit a label for each sequence.</param>
/// <param name="device">Where it computes.</param>
/// <param name="batchSize">Articles in a pass.</param>
/// <param name="log">Told when memory runs out.</param>
internal sealed class Evaluator(Func<PackedBatch, Tensor> forward, Device device, int batchSize, TextWriter log)
{
    private int batchSize = batchSize;

    public Evaluator(LlamaForSequenceClassification model, Device device, int batchSize, TextWriter log)
        : this(batch => model.Forward(batch), device, batchSize, log)
    {
    }

    public Predictions Predict(IReadOnlyList<Article> articles, CancellationToken cancellationToken) =>
        new(Logits([.. articles.Select(article => article.Ids)], cancellationToken), [.. articles.Select(article => article.Label)]);

    /// <param name="sequences">Token ids.</param>
    /// <param name="cancellationToken">Ends the work between two passes.</param>
    /// <returns>One logit a label for each sequence, in the order given.</returns>
    /// <exception cref="InsufficientMemoryException">Not even a single article fits.</exception>
    public float[][] Logits(IReadOnlyList<int[]> sequences, CancellationToken cancellationToken)
    {
        var logits = new float[sequences.Count][];
        var order = Enumerable.Range(0, sequences.Count).OrderBy(row => sequences[row].Length).ToArray();
        for (var done = 0; done < order.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = order.AsSpan(done, Math.Min(batchSize, order.Length - done)).ToArray();
            if (Pass([.. rows.Select(row => sequences[row])]) is not { } values)
            {
                Halve(rows.Length, sequences[rows[^1]].Length);
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
    private IEnumerable<float[]>? Pass(IReadOnlyList<int[]> sequences)
    {
        try
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(sequences, device);
            var flat = forward(batch).cpu().data<float>().ToArray();
            return flat.Chunk(flat.Length / sequences.Count);
        }
        catch (ExternalException exception) when (OutOfMemory.Is(exception))
        {
            return null;
        }
    }

    private void Halve(int articles, int longest)
    {
        if (articles == 1)
        {
            throw new InsufficientMemoryException(
                $"Memory is not enough to classify a single article of {longest} tokens. Lower --max-length, or take a smaller base model or a larger machine.");
        }

        batchSize = articles / 2;
        log.WriteLine($"Out of memory in an evaluation: from here on {batchSize} articles in a pass. A lower --per-device-eval-batch-size does so from the start.");
    }
}
