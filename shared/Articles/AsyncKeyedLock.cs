using System.Collections.Concurrent;

namespace Serverless.Articles;

/// <summary>
/// Lets work on the same key follow one another inside this process: a message that comes twice at the same moment finds the
/// result of the first. Other instances are kept apart by the ETags of what they write.
/// </summary>
internal sealed class AsyncKeyedLock<TKey>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Task> running = new();

    public async Task<T> RunAsync<T>(TKey key, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (!running.TryAdd(key, ended.Task))
        {
            if (running.TryGetValue(key, out var other))
            {
                await other.WaitAsync(cancellationToken);
            }
        }

        try
        {
            return await work();
        }
        finally
        {
            running.TryRemove(key, out _);
            ended.SetResult();
        }
    }
}
