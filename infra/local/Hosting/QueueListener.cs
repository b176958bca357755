using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Local.Hosting;

/// <summary>
/// One queue trigger, by the rules of the Functions host: up to <c>batchSize + newBatchThreshold</c> messages at a time, each
/// hidden while it is worked on, deleted when the function returns, tried again when it throws, and after
/// <c>maxDequeueCount</c> attempts moved to the poison queue.
/// </summary>
internal sealed class QueueListener(
    Function function, FunctionInvoker invoker, QueueServiceClient queues, HostSettings settings, ILogger<QueueListener> log) : BackgroundService
{
    private const string PoisonSuffix = "-poison";

    private static readonly TimeSpan ShortestPollingInterval = TimeSpan.FromMilliseconds(100);
    private static readonly Dictionary<string, string?> NoBindingData = [];

    private readonly QueueSettings rules = settings.Queues;
    private readonly QueueClient queue = queues.GetQueueClient(((QueueTriggerAttribute)function.Trigger).QueueName);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var drained = new CancellationTokenSource();
        var running = new List<Task>();
        var pause = ShortestPollingInterval;
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
                running.AddRange(received.Value.Select(message => Task.Run(() => HandleAsync(message, drained.Token), CancellationToken.None)));
                pause = received.Value.Length > 0 ? ShortestPollingInterval : Min(pause * 2, rules.MaxPollingInterval);
                if (received.Value.Length == 0)
                {
                    await Task.Delay(pause, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception) when (StorageFault.Is(exception))
            {
                log.LogWarning("Queue {Queue} cannot be read: {Reason}", queue.Name, StorageFault.Explain(exception));
                await Task.Delay(rules.MaxPollingInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        drained.CancelAfter(settings.DrainTime);
        await Task.WhenAll(running);
    }

    private async Task HandleAsync(QueueMessage raw, CancellationToken cancellationToken)
    {
        try
        {
            await using var lease = new MessageLease(queue, raw, rules.MessageVisibility, log);
            await InvokeAsync(raw, lease, cancellationToken);
        }
        catch (Exception exception) when (StorageFault.Is(exception))
        {
            log.LogWarning("Message {Message} could not be deleted or given back, and will come again: {Reason}", raw.MessageId, StorageFault.Explain(exception));
        }
    }

    private async Task InvokeAsync(QueueMessage raw, MessageLease lease, CancellationToken cancellationToken)
    {
        if (Decode(raw) is not { } message)
        {
            log.LogError("Message {Message} of queue {Queue} is not Base64, as host.json demands", raw.MessageId, queue.Name);
            await PoisonAsync(raw, lease);
            return;
        }

        if (raw.DequeueCount > rules.MaxDequeueCount && !queue.Name.EndsWith(PoisonSuffix, StringComparison.Ordinal))
        {
            // No attempt came to an end: the process died in each of them, and would die again.
            log.LogError("Message {Message} of queue {Queue} was begun {Attempts} times and never ended", raw.MessageId, queue.Name, rules.MaxDequeueCount);
            await PoisonAsync(raw, lease);
            return;
        }

        try
        {
            await invoker.InvokeAsync(function, message, NoBindingData, cancellationToken);
            await lease.DeleteAsync();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await lease.ReleaseAsync(TimeSpan.Zero);
        }
        catch (Exception exception)
        {
            log.LogError(exception, "{Function} failed on message {Message}, attempt {Attempt} of {Attempts}", function.Name, raw.MessageId, raw.DequeueCount, rules.MaxDequeueCount);
            await (raw.DequeueCount < rules.MaxDequeueCount ? lease.ReleaseAsync(rules.VisibilityTimeout) : PoisonAsync(raw, lease));
        }
    }

    /// <summary>To the poison queue as it came. A message of a poison queue has nowhere to go and stays.</summary>
    private async Task PoisonAsync(QueueMessage raw, MessageLease lease)
    {
        if (queue.Name.EndsWith(PoisonSuffix, StringComparison.Ordinal))
        {
            return;
        }

        var poison = queues.GetQueueClient(queue.Name + PoisonSuffix);
        await poison.CreateIfNotExistsAsync();
        await poison.SendMessageAsync(raw.Body.ToString());
        await lease.DeleteAsync();
        log.LogError("Message {Message} was moved to queue {Queue}", raw.MessageId, poison.Name);
    }

    /// <summary>The message as the function sees it; null if it is not in the encoding that host.json names.</summary>
    private QueueMessage? Decode(QueueMessage raw)
    {
        if (rules.MessageEncoding == "none")
        {
            return raw;
        }

        var text = raw.Body.ToString();
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? QueuesModelFactory.QueueMessage(
                raw.MessageId, raw.PopReceipt, BinaryData.FromBytes(bytes.AsMemory(0, length)), raw.DequeueCount, raw.NextVisibleOn, raw.InsertedOn, raw.ExpiresOn)
            : null;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
