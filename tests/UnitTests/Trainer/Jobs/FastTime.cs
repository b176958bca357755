namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>A clock that runs a hundred times faster, or as many as are asked for.</summary>
internal sealed class FastTime(int times = 100) : TimeProvider
{
    private readonly TaskCompletionSource<TimeSpan> reset = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override long TimestampFrequency => System.TimestampFrequency / times;

    /// <summary>What the first timer that was set anew was set to.</summary>
    public Task<TimeSpan> FirstReset => reset.Task;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FastTimer(this, System.CreateTimer(callback, state, Sooner(dueTime), Sooner(period)));

    private TimeSpan Sooner(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / times;

    private sealed class FastTimer(FastTime clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.reset.TrySetResult(dueTime);
            return timer.Change(clock.Sooner(dueTime), clock.Sooner(period));
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
