using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Keeps something that storage lends for a while. A renewal that fails is tried again for as long as the last one lasts: an
/// outage of seconds must not end a training of hours.
/// </summary>
internal sealed class LeaseRenewer : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource lost;
    private readonly Task renewLoop;

    /// <param name="duration">How long it is lent, from now and from when each renewal was asked for.</param>
    /// <param name="renew">Asks for it again.</param>
    /// <param name="time">Whose clock runs.</param>
    public LeaseRenewer(TimeSpan duration, Func<CancellationToken, Task> renew, TimeProvider time)
    {
        lost = new CancellationTokenSource(duration, time);
        renewLoop = RenewAsync(duration, renew, time);
    }

    /// <summary>Ends the work when it could not be kept: somebody else may have it by now.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>No more renewals; the one that is under way has ended.</summary>
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
            var pause = duration / 3;
            while (true)
            {
                await Task.Delay(pause, time, stop.Token);
                pause = duration / 20;
                var asked = time.GetTimestamp();
                if (await TryAsync(renew, duration / 4, time))
                {
                    // Storage counts from some moment before its answer came.
                    var left = duration - time.GetElapsedTime(asked);
                    lost.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
                    pause = duration / 3;
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
