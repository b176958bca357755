using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// A training request that this process has received from the queue. The message stays invisible to other processes while it is
/// renewed; each renewal returns a new pop receipt, and only the latest one can delete the message. If a message is lost all the
/// same, the work continues: the next receiver finds the classifier's lease taken, and later the request done.
/// </summary>
internal sealed class TrainingMessage : IAsyncDisposable
{
    // The request of a killed trainer becomes visible again after this time.
    public static readonly TimeSpan Visibility = TimeSpan.FromMinutes(2);

    private readonly QueueClient queue;
    private readonly QueueMessage message;
    private readonly LeaseRenewer renewer;
    private string popReceipt;

    public TrainingMessage(QueueClient queue, QueueMessage message, TimeProvider time)
    {
        this.queue = queue;
        this.message = message;
        popReceipt = message.PopReceipt;
        renewer = new LeaseRenewer(Visibility, RenewAsync, time);
    }

    public string Body => message.Body.ToString();

    public long DequeueCount => message.DequeueCount;

    /// <summary>Deletes the message: the request is done.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await renewer.StopAsync();
        try
        {
            await queue.DeleteMessageAsync(message.MessageId, popReceipt, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageErrors.IsPermanent(exception))
        {
            // The message was deleted by a request whose response was lost, or another trainer has it and will find the request done.
        }
    }

    /// <summary>Returns the message to the queue after a failed attempt. It becomes visible after <paramref name="delay"/>, and the attempt counts.</summary>
    public async Task ReleaseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        await renewer.StopAsync();
        await queue.UpdateMessageAsync(message.MessageId, popReceipt, message.Body, delay, cancellationToken);
    }

    /// <summary>
    /// Postpones the request without counting an attempt: sends a copy that becomes visible after <paramref name="delay"/>, then
    /// deletes the message.
    /// </summary>
    /// <remarks>A crash between the two leaves two copies. The second one finds the request done.</remarks>
    public async Task PostponeAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        await queue.SendMessageAsync(message.Body, visibilityTimeout: delay, cancellationToken: cancellationToken);
        await CompleteAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync() => await renewer.DisposeAsync();

    private async Task RenewAsync(CancellationToken cancellationToken) =>
        popReceipt = (await queue.UpdateMessageAsync(message.MessageId, popReceipt, message.Body, Visibility, cancellationToken)).Value.PopReceipt;
}
