using Microsoft.Extensions.Logging;
using Serverless.Llama.Kernels;

namespace Serverless.Serving;

/// <summary>One micro-batch through the model. Each text succeeds or fails for itself.</summary>
internal sealed class BatchRunner(DataParallel parallel, TimeProvider time, ILogger log)
{
    public void Run(IReadOnlyList<InferenceRequest> batch)
    {
        try
        {
            Compute(batch);
        }
        catch (Exception exception) when (batch.Count == 1)
        {
            batch[0].Fail(exception);
        }
        catch (Exception exception)
        {
            log.LogWarning(exception, "A batch of {Texts} texts failed; one may have spoilt it for all, so each is computed alone", batch.Count);
            foreach (var text in batch)
            {
                Run([text]);
            }
        }
    }

    private void Compute(IReadOnlyList<InferenceRequest> batch)
    {
        var model = batch[0].Classifier.Model!;

        // A swap may have come between the question and now, to a version that reads more or less of a text.
        var tokens = batch.Select(text => text.MaxTokens == model.Labels.MaxTokens ? text.Tokens : model.Encode(text.Text)).ToArray();
        var startedAt = time.GetTimestamp();
        var probabilities = parallel.Run([.. tokens.Select(text => text.Ids)], model.Probabilities);
        var forward = time.GetElapsedTime(startedAt).TotalMilliseconds;
        for (var row = 0; row < batch.Count; row++)
        {
            var best = Array.IndexOf(probabilities[row], probabilities[row].Max());
            batch[row].Complete(new Prediction(
                model.Labels.Labels[best],
                probabilities[row][best],
                new OrderedDictionary<string, double>(model.Labels.Labels.Zip(probabilities[row], KeyValuePair.Create)),
                model.Version,
                tokens[row].Ids.Length,
                tokens[row].Truncated,
                time.GetElapsedTime(batch[row].EnteredAt, startedAt).TotalMilliseconds,
                forward));
        }
    }
}
