using Azure;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Functions;

/// <summary>Logs poison queues that hold messages, and a backlog of the queue <c>articles</c>. Alerts read these entries.</summary>
/// <remarks>
/// Azure Monitor has no metric of a single queue: that of the account is an hour old and adds up all queues. The scaler keeps a replica
/// running as long as there are articles, so a backlog is seen.
/// </remarks>
internal sealed class QueueDepthService(StorageClients storage, TimeProvider time, ILogger<QueueDepthService> log) : BackgroundService
{
    // Half the time that the last replica stays after the last article.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Backlog = TimeSpan.FromMinutes(5);

    private static readonly string[] PoisonQueues =
        [StorageNames.ArticlesPoisonQueue, StorageNames.TrainingRequestsPoisonQueue, StorageNames.BlobTriggerPoisonQueue];

    /// <summary>Reads the queues once.</summary>
    public async Task ReportAsync(CancellationToken cancellationToken)
    {
        await ReportAsync(StorageNames.ArticlesQueue, Backlog, cancellationToken);
        foreach (var queue in PoisonQueues)
        {
            await ReportAsync(queue, TimeSpan.Zero, cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ReportAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task ReportAsync(string name, TimeSpan longerThan, CancellationToken cancellationToken)
    {
        try
        {
            var queue = storage.Queue(name);
            var oldest = (await queue.PeekMessageAsync(cancellationToken)).Value;
            if (oldest is null || time.GetUtcNow() - oldest.InsertedOn < longerThan)
            {
                return;
            }

            var seconds = (time.GetUtcNow() - oldest.InsertedOn)?.TotalSeconds ?? 0;
            var properties = await queue.GetPropertiesAsync(cancellationToken);
            log.LogWarning(
                "Queue {Queue} has {Messages} messages, the oldest has waited {Seconds:0} s", name, properties.Value.ApproximateMessagesCount, seconds);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // The queue is created with its first message.
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            log.LogWarning("Queue {Queue} could not be read: {Reason}", name, StorageErrors.Describe(exception));
        }
    }
}
