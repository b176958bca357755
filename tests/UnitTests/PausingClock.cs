namespace Serverless.UnitTests;

/// <summary>A clock that blocks the caller of one of its readings, so that a test can act at that moment.</summary>
internal sealed class PausingClock(int call) : TimeProvider, IDisposable
{
    private readonly TaskCompletionSource paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim resume = new();
    private int calls;

    /// <summary>Completes when the caller is blocked.</summary>
    public Task Paused => paused.Task;

    public void Resume() => resume.Set();

    public override DateTimeOffset GetUtcNow()
    {
        if (Interlocked.Increment(ref calls) == call)
        {
            paused.SetResult();
            resume.Wait();
        }

        return base.GetUtcNow();
    }

    public void Dispose() => resume.Dispose();
}
