using Serverless.Model;
using Serverless.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Evaluation;

/// <summary>Runs a model over articles, those of like length together.</summary>
internal static class Evaluator
{
    public static Predictions Predict(LlamaForSequenceClassification model, Device device, IReadOnlyList<Article> articles, int batchSize) =>
        new(Logits(model, device, [.. articles.Select(article => article.Ids)], batchSize), [.. articles.Select(article => article.Label)]);

    /// <returns>One logit a label for each sequence, in the order given.</returns>
    public static float[][] Logits(LlamaForSequenceClassification model, Device device, IReadOnlyList<int[]> sequences, int batchSize)
    {
        model.Training = false;
        var logits = new float[sequences.Count][];
        using var noGrad = no_grad();
        foreach (var rows in Enumerable.Range(0, sequences.Count).OrderBy(row => sequences[row].Length).Chunk(batchSize))
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. rows.Select(row => sequences[row])], device);
            var flat = model.Forward(batch).cpu().data<float>().ToArray();
            foreach (var (row, values) in rows.Zip(flat.Chunk(flat.Length / rows.Length)))
            {
                logits[row] = values;
            }
        }

        return logits;
    }
}
