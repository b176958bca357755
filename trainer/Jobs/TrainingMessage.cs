using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// A training request that this process has taken from the queue. While it works, the message is kept invisible for others:
/// each renewal gives a new pop receipt, and only the newest one can delete the message.
/// </summary>
internal sealed class TrainingMessage : IAsyncDisposable
{
    // A killed trainer's request comes back after this long.
    public static readonly TimeSpan Visibility = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(30);

    private readonly QueueClient queue;
    private readonly QueueMessage message;
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource lost = new();
    private readonly Task renewing;
    private string popReceipt;

    public TrainingMessage(QueueClient queue, QueueMessage message, TimeProvider time)
    {
        (this.queue, this.message, popReceipt) = (queue, message, message.PopReceipt);
        renewing = RenewAsync(time);
    }

    public string Body => message.Body.ToString();

    public long DequeueCount => message.DequeueCount;

    /// <summary>Ends the work when the message could not be kept: another trainer may have it by now.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>The work is done, one way or the other; the request never comes again.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await StopRenewingAsync();
        await queue.DeleteMessageAsync(message.MessageId, popReceipt, cancellationToken);
    }

    /// <summary>Gives the request back: it comes again after <paramref name="delay"/>.</summary>
    public async Task ReleaseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        await StopRenewingAsync();
        await queue.UpdateMessageAsync(message.MessageId, popReceipt, message.Body, delay, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopRenewingAsync();
        stop.Dispose();
        lost.Dispose();
    }

    private async Task RenewAsync(TimeProvider time)
    {
        try
        {
            while (true)
            {
                await Task.Delay(RenewEvery, time, stop.Token);
                popReceipt = (await queue.UpdateMessageAsync(message.MessageId, popReceipt, message.Body, Visibility, stop.Token)).Value.PopReceipt;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (RequestFailedException)
        {
            await lost.CancelAsync();
        }
    }

    private async Task StopRenewingAsync()
    {
        await stop.CancelAsync();
        await renewing;
    }
}
