using System.Collections;

namespace Serverless.Serving;

/// <summary>
/// The one thread that gives batches to the processor: libtorch is synchronous and takes all cores for one, so two at once would only
/// slow each other. Between micro-batches it does its chores (a swap, a merge) one step at a time.
/// </summary>
internal sealed class InferenceThread : IDisposable
{
    private readonly object gate = new();
    private readonly MicroBatcher waiting;
    private readonly Queue<Chore> chores = new();
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

    /// <summary>Runs steps in order, after the chores before; at each <c>yield</c> the waiting texts go first.</summary>
    public Task RunAsync(IEnumerable steps)
    {
        var chore = new Chore(steps.GetEnumerator(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            chores.Enqueue(chore);
            Monitor.Pulse(gate);
        }

        return chore.Done.Task;
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
        while (Next() is var (batch, chore) && (batch.Count > 0 || chore is not null))
        {
            if (batch.Count > 0)
            {
                compute(batch);
            }

            if (chore is not null)
            {
                Step(chore);
            }
        }
    }

    /// <summary>A batch, a chore's next step, or both; neither when it is time to end.</summary>
    private (IReadOnlyList<InferenceRequest> Batch, Chore? Chore) Next()
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
                var chore = chores.Count > 0 ? chores.Peek() : null;
                if (batch.Count > 0 || chore is not null)
                {
                    return (batch, chore);
                }

                Monitor.Wait(gate);
            }
        }
    }

    private void Step(Chore chore)
    {
        try
        {
            if (chore.Steps.MoveNext())
            {
                return;
            }

            chore.Done.SetResult();
        }
        catch (Exception exception)
        {
            chore.Done.SetException(exception);
        }

        lock (gate)
        {
            chores.Dequeue();
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

        while (chores.TryDequeue(out var chore))
        {
            chore.Done.TrySetCanceled();
        }
    }

    private sealed record Chore(IEnumerator Steps, TaskCompletionSource Done);
}
