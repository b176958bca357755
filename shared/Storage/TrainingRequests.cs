using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;

namespace Serverless.Storage;

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

        if (await ETagOfAsync(dataset, cancellationToken) is not { } etag)
        {
            log.LogWarning("The data set {Dataset} is gone already", dataset.Name);
            return;
        }

        if ((await runs.ListAsync(classifier, cancellationToken)).Any(run => run.Dataset == dataset.Name && run.DatasetETag == etag))
        {
            log.LogInformation("The data set {Dataset} {ETag} has its training already", dataset.Name, etag);
            return;
        }

        var request = new TrainingRequest(dataset.Name, etag, classifier, time.GetUtcNow());
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), cancellationToken);
        log.LogInformation("Requested a training of {Classifier} on {Dataset}", classifier, dataset.Name);
    }

    private static async Task<string?> ETagOfAsync(BlobClient dataset, CancellationToken cancellationToken)
    {
        try
        {
            return (await dataset.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag.ToString();
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }
}
