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
    private readonly Task renewing;

    /// <param name="lasts">How long it is lent, from now and from when each renewal was asked for.</param>
    /// <param name="renew">Asks for it again.</param>
    /// <param name="time">Whose clock runs.</param>
    public LeaseRenewer(TimeSpan lasts, Func<CancellationToken, Task> renew, TimeProvider time)
    {
        lost = new CancellationTokenSource(lasts, time);
        renewing = RenewAsync(lasts, renew, time);
    }

    /// <summary>Ends the work when it could not be kept: somebody else may have it by now.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>No more renewals; the one that is under way has ended.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await renewing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
        lost.Dispose();
    }

    private async Task RenewAsync(TimeSpan lasts, Func<CancellationToken, Task> renew, TimeProvider time)
    {
        try
        {
            var pause = lasts / 3;
            while (true)
            {
                await Task.Delay(pause, time, stop.Token);
                pause = lasts / 20;
                var asked = time.GetTimestamp();
                if (await TryAsync(renew, lasts / 4, time))
                {
                    // Storage counts from some moment before its answer came.
                    var left = lasts - time.GetElapsedTime(asked);
                    lost.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
                    pause = lasts / 3;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (Exception taken) when (StorageErrors.IsPermanent(taken))
        {
            await lost.CancelAsync();
        }
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> renew, TimeSpan patience, TimeProvider time)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop.Token);
        try
        {
            await renew(ends.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception passing) when (StorageErrors.IsStorageError(passing) && !StorageErrors.IsPermanent(passing))
        {
            return false;
        }
    }
}
