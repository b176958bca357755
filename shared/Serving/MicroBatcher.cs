namespace Serverless.Serving;

/// <summary>
/// Builds micro-batches from pending requests, without waiting for more. A batch has requests of one classifier, that of the oldest
/// request, up to a number of texts and of tokens.
/// </summary>
/// <remarks><see cref="InferenceThread"/> takes the batches, <see cref="BatchRunner"/> runs them through the model.</remarks>
internal sealed class MicroBatcher(int maxTexts, int maxTokens)
{
    private readonly LinkedList<InferenceRequest> pending = [];

    public int Count => pending.Count;

    public void Add(InferenceRequest request) => pending.AddLast(request);

    /// <summary>The next batch; empty if no request is pending. Canceled requests are removed.</summary>
    public IReadOnlyList<InferenceRequest> Take()
    {
        var batch = new List<InferenceRequest>();
        var tokens = 0;
        for (var node = pending.First; node is not null && batch.Count < maxTexts;)
        {
            var request = node.Value;
            var next = node.Next;
            if (request.CancellationToken.IsCancellationRequested)
            {
                request.Cancel();
                pending.Remove(node);
            }
            else if (batch.Count == 0 || (request.Classifier == batch[0].Classifier && tokens + request.Tokens.Ids.Length <= maxTokens))
            {
                tokens += request.Tokens.Ids.Length;
                batch.Add(request);
                pending.Remove(node);
            }

            node = next;
        }

        return batch;
    }
}
