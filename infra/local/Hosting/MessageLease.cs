using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Local.Hosting;

/// <summary>Keeps a message invisible while it is processed. Each renewal changes the pop receipt, so only this class uses the receipt.</summary>
internal sealed class MessageLease : IAsyncDisposable
{
    private readonly CancellationTokenSource ended = new();
    private readonly QueueClient queue;
    private readonly string messageId;
    private readonly TimeSpan visibility;
    private readonly ILogger log;
    private readonly Task renewal;
    private string popReceipt;

    public MessageLease(QueueClient queue, QueueMessage message, TimeSpan visibility, ILogger log)
    {
        this.queue = queue;
        this.visibility = visibility;
        this.log = log;
        messageId = message.MessageId;
        popReceipt = message.PopReceipt;
        renewal = RenewAsync();
    }

    public async Task DeleteAsync()
    {
        await StopAsync();
        await IgnoreLostAsync(queue.DeleteMessageAsync(messageId, popReceipt));
    }

    /// <summary>Makes the message visible again after a delay.</summary>
    public async Task ReleaseAsync(TimeSpan delay)
    {
        await StopAsync();
        await IgnoreLostAsync(queue.UpdateMessageAsync(messageId, popReceipt, visibilityTimeout: delay));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        ended.Dispose();
    }

    private async Task StopAsync()
    {
        await ended.CancelAsync();
        await renewal;
    }

    private async Task RenewAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(visibility / 2, ended.Token);
                popReceipt = (await queue.UpdateMessageAsync(messageId, popReceipt, visibilityTimeout: visibility)).Value.PopReceipt;
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            log.LogWarning(
                "The visibility timeout of message {Message} could not be renewed; it may be delivered twice: {Reason}",
                messageId,
                StorageErrors.Describe(exception));
        }
    }

    // 404: the visibility timeout ended and another receiver has the message. Delivery is at least once.
    private async Task IgnoreLostAsync(Task request)
    {
        try
        {
            await request;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            log.LogWarning("Message {Message} was received by another host", messageId);
        }
    }
}
