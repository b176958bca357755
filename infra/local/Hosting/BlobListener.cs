using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Local.Hosting;

/// <summary>
/// Listens for one blob trigger by listing its container. In Azure, Event Grid sends an event for each new blob instead. A blob whose
/// function throws is retried at the next listing, and after <c>poisonBlobThreshold</c> attempts its name is sent to the poison queue.
/// </summary>
/// <remarks>
/// Processed blobs are kept in memory, so every blob triggers again after a restart. Event Grid delivers at least once too, and a
/// training is requested only once for each ETag.
/// </remarks>
/// <param name="function">The name of the function, for the log and the poison queue.</param>
/// <param name="path">The path of the trigger.</param>
/// <param name="blobs">The account of the container.</param>
/// <param name="queues">The account of the poison queue.</param>
/// <param name="invokeAsync">Invokes the function with a blob and the values of the parts of its path.</param>
/// <param name="settings">The rules of host.json.</param>
/// <param name="log">The log.</param>
internal sealed class BlobListener(
    string function,
    BlobPath path,
    BlobServiceClient blobs,
    QueueServiceClient queues,
    Func<BlobClient, IReadOnlyDictionary<string, string?>, CancellationToken, Task> invokeAsync,
    HostSettings settings,
    ILogger<BlobListener> log) : BackgroundService
{
    private readonly HashSet<(string Blob, ETag ETag)> done = [];
    private readonly Dictionary<(string Blob, ETag ETag), int> failures = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.BlobScanInterval);
        try
        {
            do
            {
                try
                {
                    await ScanAsync(stoppingToken);
                }
                catch (Exception exception) when (StorageErrors.IsStorageError(exception))
                {
                    log.LogWarning("Container {Container} cannot be read: {Reason}", path.Container, StorageErrors.Describe(exception));
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task ScanAsync(CancellationToken cancellationToken)
    {
        var container = blobs.GetBlobContainerClient(path.Container);
        await foreach (var item in container.GetBlobsAsync(cancellationToken: cancellationToken))
        {
            if (path.Match(item.Name) is { } parts && item.Properties.ETag is { } etag && !done.Contains((item.Name, etag))
                && await TryInvokeAsync(container.GetBlobClient(item.Name), etag, parts, cancellationToken))
            {
                done.Add((item.Name, etag));
            }
        }
    }

    /// <returns>False if the blob is to be retried.</returns>
    private async Task<bool> TryInvokeAsync(BlobClient blob, ETag etag, IReadOnlyDictionary<string, string?> parts, CancellationToken cancellationToken)
    {
        try
        {
            await invokeAsync(blob, parts, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var attempt = failures[(blob.Name, etag)] = failures.GetValueOrDefault((blob.Name, etag)) + 1;
            log.LogError(
                exception, "{Function} failed on blob {Blob}, attempt {Attempt} of {Attempts}", function, blob.Name, attempt, settings.PoisonBlobThreshold);
            if (attempt < settings.PoisonBlobThreshold)
            {
                return false;
            }

            await SendToPoisonQueueAsync(blob, etag, cancellationToken);
            return true;
        }
    }

    private async Task SendToPoisonQueueAsync(BlobClient blob, ETag etag, CancellationToken cancellationToken)
    {
        var poison = queues.GetQueueClient(StorageNames.BlobTriggerPoisonQueue);
        await poison.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var message = BinaryData.FromObjectAsJson(new { FunctionId = function, blob.BlobContainerName, BlobName = blob.Name, ETag = etag.ToString() });
        await poison.SendMessageAsync(Convert.ToBase64String(message), cancellationToken);
        log.LogError("The name of blob {Blob} was sent to queue {Queue}", blob.Name, poison.Name);
    }
}
