using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Local.Hosting;

/// <summary>
/// Listens for one queue trigger by the rules of the Functions host: processes up to <c>batchSize + newBatchThreshold</c> messages at a
/// time, keeps each invisible meanwhile, deletes it when the function returns, retries it when the function throws, and moves it to the
/// poison queue after <c>maxDequeueCount</c> attempts.
/// </summary>
/// <param name="function">The name of the function, for the log.</param>
/// <param name="queue">The queue.</param>
/// <param name="queues">The account of the queue and of the poison queue.</param>
/// <param name="invokeAsync">Invokes the function.</param>
/// <param name="settings">The rules of host.json.</param>
/// <param name="log">The log.</param>
internal sealed class QueueListener(
    string function,
    QueueClient queue,
    QueueServiceClient queues,
    Func<QueueMessage, CancellationToken, Task> invokeAsync,
    HostSettings settings,
    ILogger<QueueListener> log) : BackgroundService
{
    private const string PoisonSuffix = "-poison";

    private static readonly TimeSpan MinPollingInterval = TimeSpan.FromMilliseconds(100);

    private readonly QueueSettings rules = settings.Queues;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var draining = new CancellationTokenSource();
        var running = new List<Task>();
        var delay = MinPollingInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (running.Count > rules.NewBatchThreshold)
                {
                    await Task.WhenAny(running).WaitAsync(stoppingToken);
                    running.RemoveAll(task => task.IsCompleted);
                    continue;
                }

                var received = await queue.ReceiveMessagesAsync(rules.BatchSize, rules.MessageVisibility, stoppingToken);
                running.RemoveAll(task => task.IsCompleted);
                running.AddRange(received.Value.Select(message => Task.Run(() => HandleAsync(message, draining.Token), CancellationToken.None)));
                delay = received.Value.Length > 0 ? MinPollingInterval : Min(delay * 2, rules.MaxPollingInterval);
                if (received.Value.Length == 0)
                {
                    await Task.Delay(delay, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception) when (StorageErrors.IsStorageError(exception))
            {
                log.LogWarning("Queue {Queue} cannot be read: {Reason}", queue.Name, StorageErrors.Describe(exception));
                await Task.Delay(rules.MaxPollingInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        draining.CancelAfter(settings.DrainTime);
        await Task.WhenAll(running);
    }

    private async Task HandleAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await using var lease = new MessageLease(queue, message, rules.MessageVisibility, log);
            await InvokeAsync(message, lease, cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            log.LogWarning(
                "Message {Message} could not be deleted or released and will be delivered again: {Reason}",
                message.MessageId,
                StorageErrors.Describe(exception));
        }
    }

    private async Task InvokeAsync(QueueMessage message, MessageLease lease, CancellationToken cancellationToken)
    {
        if (message.DequeueCount > rules.MaxDequeueCount && !queue.Name.EndsWith(PoisonSuffix, StringComparison.Ordinal))
        {
            // The process ended in every attempt, so it would end again.
            log.LogError(
                "Message {Message} of queue {Queue} was started {Attempts} times and never completed", message.MessageId, queue.Name, rules.MaxDequeueCount);
            await MoveToPoisonQueueAsync(message, lease);
            return;
        }

        try
        {
            await invokeAsync(message, cancellationToken);
            await lease.DeleteAsync();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await lease.ReleaseAsync(TimeSpan.Zero);
        }
        catch (Exception exception)
        {
            log.LogError(
                exception,
                "{Function} failed on message {Message}, attempt {Attempt} of {Attempts}",
                function,
                message.MessageId,
                message.DequeueCount,
                rules.MaxDequeueCount);
            await (message.DequeueCount < rules.MaxDequeueCount ? lease.ReleaseAsync(rules.VisibilityTimeout) : MoveToPoisonQueueAsync(message, lease));
        }
    }

    /// <summary>Moves a message to the poison queue. A message of a poison queue stays there.</summary>
    private async Task MoveToPoisonQueueAsync(QueueMessage message, MessageLease lease)
    {
        if (queue.Name.EndsWith(PoisonSuffix, StringComparison.Ordinal))
        {
            return;
        }

        var poison = queues.GetQueueClient(queue.Name + PoisonSuffix);
        await poison.CreateIfNotExistsAsync();
        await poison.SendMessageAsync(message.Body.ToString());
        await lease.DeleteAsync();
        log.LogError("Message {Message} was moved to queue {Queue}", message.MessageId, poison.Name);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
