using System.Collections;

namespace Serverless.Serving;

/// <summary>
/// The one thread that gives batches to the processor: libtorch is synchronous and takes all cores for one, so two at once would only
/// slow each other. Between micro-batches it does its workItems (a swap, a merge) one step at a time.
/// </summary>
internal sealed class InferenceThread : IDisposable
{
    private readonly object gate = new();
    private readonly MicroBatcher waiting;
    private readonly Queue<WorkItem> workItems = new();
    private readonly Action<IReadOnlyList<InferenceRequest>> compute;
    private readonly Thread thread;
    private bool stopping;

    /// <param name="waiting">Used under this thread's lock only.</param>
    /// <param name="compute">Computes a batch and completes each of its texts; throws for nothing.</param>
    public InferenceThread(MicroBatcher waiting, Action<IReadOnlyList<InferenceRequest>> compute)
    {
        (this.waiting, this.compute) = (waiting, compute);
        thread = new Thread(Run) { IsBackground = true, Name = "model" };
        thread.Start();
    }

    public void Add(InferenceRequest text)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            waiting.Add(text);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Runs steps in order, after the workItems before; at each <c>yield</c> the waiting texts go first.</summary>
    public Task RunAsync(IEnumerable steps)
    {
        var workItem = new WorkItem(steps.GetEnumerator(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            workItems.Enqueue(workItem);
            Monitor.Pulse(gate);
        }

        return workItem.Done.Task;
    }

    /// <summary>Ends after the batch or step at hand; what still waits is cancelled.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }

        thread.Join();
    }

    private void Run()
    {
        while (Next() is var (batch, workItem) && (batch.Count > 0 || workItem is not null))
        {
            if (batch.Count > 0)
            {
                compute(batch);
            }

            if (workItem is not null)
            {
                Step(workItem);
            }
        }
    }

    /// <summary>A batch, a workItem's next step, or both; neither when it is time to end.</summary>
    private (IReadOnlyList<InferenceRequest> Batch, WorkItem? WorkItem) Next()
    {
        lock (gate)
        {
            while (true)
            {
                if (stopping)
                {
                    CancelAll();
                    return ([], null);
                }

                var batch = waiting.Take();
                var workItem = workItems.Count > 0 ? workItems.Peek() : null;
                if (batch.Count > 0 || workItem is not null)
                {
                    return (batch, workItem);
                }

                Monitor.Wait(gate);
            }
        }
    }

    private void Step(WorkItem workItem)
    {
        try
        {
            if (workItem.Steps.MoveNext())
            {
                return;
            }

            workItem.Done.SetResult();
        }
        catch (Exception exception)
        {
            workItem.Done.SetException(exception);
        }

        lock (gate)
        {
            workItems.Dequeue();
        }
    }

    private void CancelAll()
    {
        for (var batch = waiting.Take(); batch.Count > 0; batch = waiting.Take())
        {
            foreach (var text in batch)
            {
                text.Cancel();
            }
        }

        while (workItems.TryDequeue(out var workItem))
        {
            workItem.Done.TrySetCanceled();
        }
    }

    private sealed record WorkItem(IEnumerator Steps, TaskCompletionSource Done);
}
