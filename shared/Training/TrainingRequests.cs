using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>The sender's side of the queue <c>training-requests</c>.</summary>
public sealed class TrainingRequests(StorageClients storage, TrainingRuns runs, TimeProvider time, ILogger<TrainingRequests> log)
{
    /// <summary>
    /// Asks for a training on a data set as it is now. Events come more than once: a data set (by its ETag) that has a training
    /// already is left alone. Two events at the same moment may still make two requests; the trainer then finds the first one's run.
    /// </summary>
    public async Task RequestAsync(BlobClient dataset, CancellationToken cancellationToken)
    {
        if (StorageNames.ClassifierOf(dataset.Name) is not { } classifier)
        {
            log.LogWarning("The data set {Dataset} is in no folder that names a classifier, as in news/2026-11.csv: nothing is trained", dataset.Name);
            return;
        }

        if (await PropertiesAsync(dataset, cancellationToken) is not { } properties)
        {
            log.LogWarning("The data set {Dataset} is gone already", dataset.Name);
            return;
        }

        var etag = properties.ETag.ToString();
        if ((await runs.ListAsync(classifier, cancellationToken)).Any(run => run.Dataset == dataset.Name && run.DatasetETag == etag))
        {
            log.LogInformation("The data set {Dataset} {ETag} has its training already", dataset.Name, etag);
            return;
        }

        if (Refusal(dataset.Name, properties.ContentLength) is { } reason)
        {
            await RefuseAsync(classifier, dataset.Name, etag, reason, cancellationToken);
            return;
        }

        var request = new TrainingRequest(dataset.Name, etag, classifier, time.GetUtcNow());
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), cancellationToken);
        log.LogInformation("Requested a training of {Classifier} on {Dataset}", classifier, dataset.Name);
    }

    /// <summary>What can be seen without reading the file, before a machine with a GPU is started for it.</summary>
    private static string? Refusal(string dataset, long bytes) =>
        bytes == 0 ? "The data set is empty."
        : DatasetStore.Extensions.Contains(Path.GetExtension(dataset).ToLowerInvariant()) ? null
        : $"The ending '{Path.GetExtension(dataset)}' is not known; data sets are {string.Join(", ", DatasetStore.Extensions)} files.";

    private async Task RefuseAsync(string classifier, string dataset, string etag, string reason, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var run = new TrainingRun(classifier, StorageNames.NewVersion(now))
        {
            State = TrainingState.Refused,
            Reason = reason,
            Dataset = dataset,
            DatasetETag = etag,
            RequestedAt = now,
            FinishedAt = now,
        };
        await runs.WriteAsync(run, cancellationToken);
        log.LogWarning("The data set {Dataset} is not trained on: {Reason}", dataset, reason);
    }

    private static async Task<BlobProperties?> PropertiesAsync(BlobClient dataset, CancellationToken cancellationToken)
    {
        try
        {
            return (await dataset.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }
}
