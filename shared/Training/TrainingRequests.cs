using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>Sends messages to the queue <c>training-requests</c>.</summary>
public sealed class TrainingRequests(StorageClients storage, TrainingRuns runs, TimeProvider time, ILogger<TrainingRequests> log)
{
    /// <summary>Requests a training on a data set in its present state.</summary>
    /// <remarks>
    /// Events are delivered more than once: a data set (by its ETag) that has a training run is not requested again. Two events at the same
    /// moment may still send two requests; the trainer then finds the run of the first one.
    /// </remarks>
    public async Task RequestAsync(BlobClient dataset, CancellationToken cancellationToken)
    {
        if (StorageNames.ParseClassifier(dataset.Name) is not { } classifier)
        {
            log.LogWarning("The data set {Dataset} is not in a folder named after a classifier, as in news/2026-11.csv: nothing is trained", dataset.Name);
            return;
        }

        if (dataset.Name == StorageNames.SettingsBlob(classifier))
        {
            log.LogInformation("{Settings} holds the settings of the next trainings of {Classifier}: nothing is trained", dataset.Name, classifier);
            return;
        }

        if (DatasetFormat.IsHidden(dataset.Name[(classifier.Length + 1)..]))
        {
            log.LogWarning("The blob {Dataset} is not a data set, since a name in it begins with '.', '__' or '~$': nothing is trained", dataset.Name);
            return;
        }

        if (await PropertiesAsync(dataset, cancellationToken) is not { } properties)
        {
            log.LogWarning("The data set {Dataset} no longer exists", dataset.Name);
            return;
        }

        var etag = properties.ETag.ToString();
        if ((await runs.ListAsync(classifier, cancellationToken)).Any(run => run.Dataset == dataset.Name && run.DatasetETag == etag))
        {
            log.LogInformation("The data set {Dataset} {ETag} already has a training run", dataset.Name, etag);
            return;
        }

        if (FindProblem(classifier, dataset.Name, properties.ContentLength) is { } reason)
        {
            await RefuseAsync(classifier, dataset.Name, etag, reason, cancellationToken);
            return;
        }

        var request = new TrainingRequest(dataset.Name, etag, classifier, time.GetUtcNow());
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), cancellationToken);
        log.LogInformation("Requested a training of {Classifier} on {Dataset}", classifier, dataset.Name);
    }

    /// <summary>Finds problems without reading the file, before a machine with a GPU is started for it.</summary>
    /// <returns>Null if there is no problem.</returns>
    private static string? FindProblem(string classifier, string dataset, long bytes)
    {
        if (Path.GetFileName(dataset) == StorageNames.TrainingFile)
        {
            return $"The settings of the classifier '{classifier}' are read from '{StorageNames.SettingsBlob(classifier)}' only: move the file there.";
        }

        if (bytes == 0)
        {
            return "The data set is empty.";
        }

        return DatasetFormat.GetFileType(dataset) is null ? DatasetFormat.DescribeUnknownExtension(dataset) : null;
    }

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
        log.LogWarning("The data set {Dataset} was refused: {Reason}", dataset, reason);
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
