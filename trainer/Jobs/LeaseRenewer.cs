using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Renews a blob lease or the visibility timeout of a queue message in the background. A failed renewal is retried until the
/// current one expires: an outage of a few seconds must not end a training of hours.
/// </summary>
internal sealed class LeaseRenewer : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource lost;
    private readonly Task renewLoop;

    /// <param name="duration">The duration of the lease, from now and from the start of each renewal request.</param>
    /// <param name="renew">Renews the lease.</param>
    /// <param name="time">The clock.</param>
    public LeaseRenewer(TimeSpan duration, Func<CancellationToken, Task> renew, TimeProvider time)
    {
        lost = new CancellationTokenSource(duration, time);
        renewLoop = RenewAsync(duration, renew, time);
    }

    /// <summary>Cancelled when the lease has expired or was taken: another process may hold it now.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Stops the renewals and waits for the current one.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await renewLoop;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
        lost.Dispose();
    }

    private async Task RenewAsync(TimeSpan duration, Func<CancellationToken, Task> renew, TimeProvider time)
    {
        try
        {
            var delay = duration / 3;
            while (true)
            {
                await Task.Delay(delay, time, stop.Token);
                delay = duration / 20;
                var requestedAt = time.GetTimestamp();
                if (await TryAsync(renew, duration / 4, time))
                {
                    // Storage counts from a moment before the response, so the start of the request is the safe bound.
                    var remaining = duration - time.GetElapsedTime(requestedAt);
                    lost.CancelAfter(remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero);
                    delay = duration / 3;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (Exception exception) when (StorageErrors.IsPermanent(exception))
        {
            await lost.CancelAsync();
        }
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> renew, TimeSpan timeout, TimeProvider time)
    {
        using var timeoutSource = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeoutSource.Token, stop.Token);
        try
        {
            await renew(linked.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception) && !StorageErrors.IsPermanent(exception))
        {
            return false;
        }
    }
}
