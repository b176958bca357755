using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// A training request that this process has taken from the queue. While it works, the message is kept invisible for others:
/// each renewal gives a new pop receipt, and only the newest one can delete the message. One that is lost all the same ends no
/// work: who gets it finds the classifier's lease taken, and later the work done.
/// </summary>
internal sealed class TrainingMessage : IAsyncDisposable
{
    // A killed trainer's request comes back after this long.
    public static readonly TimeSpan Visibility = TimeSpan.FromMinutes(2);

    private readonly QueueClient queue;
    private readonly QueueMessage message;
    private readonly LeaseRenewer renewer;
    private string popReceipt;

    public TrainingMessage(QueueClient queue, QueueMessage message, TimeProvider time)
    {
        (this.queue, this.message, popReceipt) = (queue, message, message.PopReceipt);
        renewer = new LeaseRenewer(Visibility, RenewAsync, time);
    }

    public string Body => message.Body.ToString();

    public long DequeueCount => message.DequeueCount;

    /// <summary>The work is done, one way or the other; the request never comes again.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await renewer.StopAsync();
        try
        {
            await queue.DeleteMessageAsync(message.MessageId, popReceipt, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageErrors.IsPermanent(exception))
        {
            // Deleted already, by a request whose answer was lost; or another trainer has it, and finds the work done.
        }
    }

    /// <summary>Gives the request back after a try that failed: it comes again after <paramref name="delay"/>, and the try counts.</summary>
    public async Task ReleaseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        await renewer.StopAsync();
        await queue.UpdateMessageAsync(message.MessageId, popReceipt, message.Body, delay, cancellationToken);
    }

    /// <summary>Puts the request off, which is no try: a copy comes after <paramref name="delay"/>. A crash in between leaves two of it, which does no harm.</summary>
    public async Task PostponeAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        await queue.SendMessageAsync(message.Body, visibilityTimeout: delay, cancellationToken: cancellationToken);
        await CompleteAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync() => await renewer.DisposeAsync();

    private async Task RenewAsync(CancellationToken cancellationToken) =>
        popReceipt = (await queue.UpdateMessageAsync(message.MessageId, popReceipt, message.Body, Visibility, cancellationToken)).Value.PopReceipt;
}
