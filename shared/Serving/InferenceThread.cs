namespace Serverless.Serving;

/// <summary>
/// Dedicated inference thread. libtorch calls are synchronous and use all cores, so two forward passes at once would only slow each other
/// down: passes run one at a time, and the steps of swaps and merges run between them.
/// </summary>
internal sealed class InferenceThread : IDisposable
{
    private readonly object gate = new();
    private readonly MicroBatcher pending;
    private readonly Queue<WorkItem> workItems = new();
    private readonly Action<IReadOnlyList<InferenceRequest>> runBatch;
    private readonly Thread thread;
    private bool stopping;

    /// <param name="pending">Used under this thread's lock only.</param>
    /// <param name="runBatch">Computes a batch and completes each of its requests. Never throws.</param>
    public InferenceThread(MicroBatcher pending, Action<IReadOnlyList<InferenceRequest>> runBatch)
    {
        this.pending = pending;
        this.runBatch = runBatch;
        thread = new Thread(Run) { IsBackground = true, Name = "model" };
        thread.Start();
    }

    public void Add(InferenceRequest request)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            pending.Add(request);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Runs an action between two batches, after the work that was given before.</summary>
    public Task RunAsync(Action action) => RunStepsAsync(() =>
    {
        action();
        return false;
    });

    /// <summary>Calls a step until it returns false, after the work that was given before. Pending requests run before each next step.</summary>
    public Task RunStepsAsync(Func<bool> step)
    {
        var workItem = new WorkItem(step, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            workItems.Enqueue(workItem);
            Monitor.Pulse(gate);
        }

        return workItem.Completion.Task;
    }

    /// <summary>Returns after the running batch or step. What is still pending is canceled.</summary>
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
        while (TakeNext() is var (batch, workItem) && (batch.Count > 0 || workItem is not null))
        {
            if (batch.Count > 0)
            {
                runBatch(batch);
            }

            if (workItem is not null)
            {
                RunStep(workItem);
            }
        }
    }

    /// <summary>Waits for a batch, a work item whose next step is due, or both. Returns neither when the thread must end.</summary>
    private (IReadOnlyList<InferenceRequest> Batch, WorkItem? WorkItem) TakeNext()
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

                var batch = pending.Take();
                var workItem = workItems.Count > 0 ? workItems.Peek() : null;
                if (batch.Count > 0 || workItem is not null)
                {
                    return (batch, workItem);
                }

                Monitor.Wait(gate);
            }
        }
    }

    private void RunStep(WorkItem workItem)
    {
        try
        {
            if (workItem.Step())
            {
                return;
            }

            workItem.Completion.SetResult();
        }
        catch (Exception exception)
        {
            workItem.Completion.SetException(exception);
        }

        lock (gate)
        {
            workItems.Dequeue();
        }
    }

    private void CancelAll()
    {
        for (var batch = pending.Take(); batch.Count > 0; batch = pending.Take())
        {
            foreach (var request in batch)
            {
                request.Cancel();
            }
        }

        while (workItems.TryDequeue(out var workItem))
        {
            workItem.Completion.TrySetCanceled();
        }
    }

    /// <param name="Step">Returns whether there are more steps.</param>
    /// <param name="Completion">Completed after the last step.</param>
    private sealed record WorkItem(Func<bool> Step, TaskCompletionSource Completion);
}
