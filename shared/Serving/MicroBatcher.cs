namespace Serverless.Serving;

/// <summary>
/// Forms micro-batches from whatever is waiting: nobody waits for company. A batch has texts of one classifier, the one that
/// has waited longest first, up to a number of texts and of tokens.
/// </summary>
internal sealed class MicroBatcher(int maxTexts, int maxTokens)
{
    private readonly LinkedList<InferenceRequest> waiting = [];

    public int Count => waiting.Count;

    public void Add(InferenceRequest text) => waiting.AddLast(text);

    /// <summary>The next batch; empty if nobody is waiting. Whoever has been cancelled is dropped.</summary>
    public IReadOnlyList<InferenceRequest> Take()
    {
        var batch = new List<InferenceRequest>();
        var tokens = 0;
        for (var node = waiting.First; node is not null && batch.Count < maxTexts;)
        {
            var (text, next) = (node.Value, node.Next);
            if (text.CancellationToken.IsCancellationRequested)
            {
                text.Cancel();
                waiting.Remove(node);
            }
            else if (batch.Count == 0 || (text.Classifier == batch[0].Classifier && tokens + text.Tokens.Ids.Length <= maxTokens))
            {
                tokens += text.Tokens.Ids.Length;
                batch.Add(text);
                waiting.Remove(node);
            }

            node = next;
        }

        return batch;
    }
}
