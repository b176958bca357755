using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Local.Hosting;

/// <summary>
/// One blob trigger. In Azure, Event Grid tells of each new blob; here the container is listed instead. A blob whose function
/// throws is tried again at the next listing and after <c>poisonBlobThreshold</c> attempts named in the poison queue.
/// </summary>
internal sealed class BlobListener(
    Function function, FunctionInvoker invoker, BlobServiceClient blobs, QueueServiceClient queues, HostSettings settings, ILogger<BlobListener> log) : BackgroundService
{
    private const string PoisonQueue = "webjobs-blobtrigger-poison";

    private readonly BlobPath path = new(((BlobTriggerAttribute)function.Trigger).BlobPath);
    private readonly BlobReceipts receipts = new(blobs, function.Name);
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
                catch (Exception exception) when (StorageFault.Is(exception))
                {
                    log.LogWarning("Container {Container} cannot be read: {Reason}", path.Container, StorageFault.Explain(exception));
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
            var blob = container.GetBlobClient(item.Name);
            if (path.Match(item.Name) is { } bindingData && item.Properties.ETag is { } etag && !await receipts.HasAsync(blob, etag, cancellationToken))
            {
                await HandleAsync(blob, etag, bindingData, cancellationToken);
            }
        }
    }

    private async Task HandleAsync(BlobClient blob, ETag etag, IReadOnlyDictionary<string, string?> bindingData, CancellationToken cancellationToken)
    {
        try
        {
            await invoker.InvokeAsync(function, blob, bindingData, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var attempt = failures[(blob.Name, etag)] = failures.GetValueOrDefault((blob.Name, etag)) + 1;
            log.LogError(exception, "{Function} failed on blob {Blob}, attempt {Attempt} of {Attempts}", function.Name, blob.Name, attempt, settings.PoisonBlobThreshold);
            if (attempt < settings.PoisonBlobThreshold)
            {
                return;
            }

            await PoisonAsync(blob, etag, cancellationToken);
        }

        await receipts.AddAsync(blob, etag, cancellationToken);
    }

    private async Task PoisonAsync(BlobClient blob, ETag etag, CancellationToken cancellationToken)
    {
        var poison = queues.GetQueueClient(PoisonQueue);
        await poison.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var message = BinaryData.FromObjectAsJson(new { FunctionId = function.Name, blob.BlobContainerName, BlobName = blob.Name, ETag = etag.ToString() });
        await poison.SendMessageAsync(Convert.ToBase64String(message), cancellationToken);
        log.LogError("Blob {Blob} was given up and named in queue {Queue}", blob.Name, PoisonQueue);
    }
}
