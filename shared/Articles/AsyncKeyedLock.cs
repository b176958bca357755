using System.Collections.Concurrent;

namespace Serverless.Articles;

/// <summary>
/// Runs work with the same key one at a time, in this process: the second of two concurrent deliveries of a message finds the result of
/// the first. Between instances, the ETags of their writes do the same.
/// </summary>
internal sealed class AsyncKeyedLock<TKey>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Task> running = new();

    public async Task<T> RunAsync<T>(TKey key, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (!running.TryAdd(key, completion.Task))
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
            completion.SetResult();
        }
    }
}
