namespace Serverless.Trainer.Progress;

/// <summary>Reports on the calling thread. <see cref="Progress{T}"/> would report on other threads, out of order.</summary>
internal sealed class SynchronousProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
