using Microsoft.Extensions.Logging;
using Serverless.Llama.Kernels;
using Serverless.Llama.Tokenizer;

namespace Serverless.Serving;

/// <summary>Runs one micro-batch through the model. Each request succeeds or fails on its own.</summary>
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
            log.LogWarning(exception, "A batch of {Texts} texts failed. One of them may be the cause, so each is computed alone", batch.Count);
            foreach (var request in batch)
            {
                Run([request]);
            }
        }
    }

    private void Compute(IReadOnlyList<InferenceRequest> batch)
    {
        var model = batch[0].Classifier.Model!;
        var metadata = model.Metadata;

        // A swap since the request may have brought a version that reads more or less of a text.
        TokenizedText[] texts = [.. batch.Select(request => request.MaxTokens == metadata.MaxTokens ? request.Tokens : model.Encode(request.Text))];
        var startedAt = time.GetTimestamp();
        var probabilities = parallel.Run([.. texts.Select(text => text.Ids)], model.Probabilities);
        var forward = time.GetElapsedTime(startedAt).TotalMilliseconds;
        for (var row = 0; row < batch.Count; row++)
        {
            var best = Array.IndexOf(probabilities[row], probabilities[row].Max());
            batch[row].Complete(new Prediction(
                metadata.Labels[best],
                probabilities[row][best],
                new OrderedDictionary<string, double>(metadata.Labels.Zip(probabilities[row], KeyValuePair.Create)),
                model.Version,
                texts[row].Ids.Length,
                texts[row].Truncated,
                time.GetElapsedTime(batch[row].EnqueuedAt, startedAt).TotalMilliseconds,
                forward));
        }
    }
}
