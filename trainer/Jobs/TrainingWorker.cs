using System.Runtime.InteropServices;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Trainer.Data;
using Serverless.Trainer.Training;
using Serverless.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Receives training requests from the queue and processes each one to its end: published, refused, failed, or returned to the queue
/// for another attempt. Each outcome is written to the run's row and to the log.
/// </summary>
internal sealed class TrainingWorker(StorageClients storage, ModelOptions settings, TextWriter log, TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    private readonly TrainingQueue queue = new(storage, time);
    private readonly TrainingRuns runs = new(storage);
    private readonly ModelRegistry registry = new(storage, new TrainingRuns(storage), settings.CacheFolder, time);

    /// <param name="drain">Process requests until the queue is empty.</param>
    /// <param name="cancellationToken">Stops the work; the request returns to the queue at once.</param>
    /// <returns>False if a request is to be retried.</returns>
    public async Task<bool> RunAsync(bool drain, CancellationToken cancellationToken)
    {
        var allDone = true;
        do
        {
            await using var message = await queue.ReceiveAsync(cancellationToken);
            if (message is null)
            {
                log.WriteLine("The queue has no training request.");
                return allDone;
            }

            allDone &= await HandleAsync(message, cancellationToken);
        }
        while (drain);

        return allDone;
    }

    private async Task<bool> HandleAsync(TrainingMessage message, CancellationToken cancellationToken)
    {
        if (TryParse(message) is not { } request)
        {
            await queue.MoveToPoisonAsync(message, cancellationToken);
            return true;
        }

        await using var lease = await ClassifierLease.TryAcquireAsync(storage, request.Classifier, time, cancellationToken);
        if (lease is null)
        {
            log.WriteLine($"Another trainer is training the classifier {request.Classifier}; the request is postponed.");
            await message.PostponeAsync(RetryAfter, cancellationToken);
            return true;
        }

        return await TrainAsync(message, lease, request, cancellationToken);
    }

    private async Task<bool> TrainAsync(TrainingMessage message, ClassifierLease lease, TrainingRequest request, CancellationToken cancellationToken)
    {
        var earlier = await new OrphanedRuns(runs, registry, time).CloseAsync(request.Classifier, cancellationToken);
        if (earlier.FirstOrDefault(run => IsDone(run, request)) is { } done)
        {
            log.WriteLine($"{request.Dataset} was trained on already: version {done.Version}, {done.State}.");
            await CheckpointBlob.RemoveAsync(lease, request, log, cancellationToken);
            await message.CompleteAsync(cancellationToken);
            return true;
        }

        if (TrainingQueue.HasFailedTooOften(message))
        {
            var attempts = message.DequeueCount - 1;
            log.WriteEvent(
                $"{request.Dataset}: {attempts} attempts failed; set aside in the queue {StorageNames.TrainingRequestsPoisonQueue}.",
                "RequestSetAside",
                new Dictionary<string, string> { ["Classifier"] = request.Classifier, ["Dataset"] = request.Dataset });
            await CheckpointBlob.RemoveAsync(lease, request, log, cancellationToken);
            await queue.MoveToPoisonAsync(message, cancellationToken);
            return true;
        }

        var version = StorageNames.NewVersion(time.GetUtcNow());
        var run = new TrainingRun(request.Classifier, version)
        {
            State = TrainingState.Running,
            Dataset = request.Dataset,
            DatasetETag = request.ETag,
            BaseModel = settings.Base,
            RequestedAt = request.RequestedAt,
        };
        await using var reporter = await TrainingRunReporter.StartAsync(runs, run, time, cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        if (await TryRunAsync(request, version, lease, reporter, message, stop, cancellationToken) is not { } outcome)
        {
            return false;
        }

        // An exception from here on must not mark the run as failed: it stays running, and the next trainer that receives the request
        // finds the published version.
        log.WriteEvent(
            $"{version} {outcome.State}: {outcome.Reason}",
            "TrainingEnded",
            new Dictionary<string, string> { ["Classifier"] = request.Classifier, ["Version"] = version, ["State"] = $"{outcome.State}" });
        await reporter.EndAsync(outcome.State, outcome.Reason, outcome.Metrics, cancellationToken);
        await CheckpointBlob.RemoveAsync(lease, request, log, cancellationToken);
        await message.CompleteAsync(cancellationToken);
        return true;
    }

    /// <returns>Null if the request was returned to the queue.</returns>
    private async Task<JobOutcome?> TryRunAsync(
        TrainingRequest request, string version, ClassifierLease lease, TrainingRunReporter reporter, TrainingMessage message, CancellationTokenSource stop,
        CancellationToken cancellationToken)
    {
        try
        {
            return await new TrainingJob(storage, registry, settings, log, time).RunAsync(request, version, lease, reporter, stop.Token);
        }
        catch (InvalidTrainOptionsException exception)
        {
            return new JobOutcome(TrainingState.Refused, $"{exception.Message} Correct the file, then upload the data set again.", null);
        }
        catch (Exception exception) when (IsPermanent(exception))
        {
            // Permanent: another attempt would end in the same way.
            var state = exception is DataSetRefusedException ? TrainingState.Refused : TrainingState.Failed;
            return new JobOutcome(state, exception.Message, null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The token is cancelled, but the row and the message must still be updated.
            await reporter.EndAsync(TrainingState.Failed, "The trainer was stopped; the request has returned to the queue.", null, CancellationToken.None);
            await ReleaseAsync(message, TimeSpan.Zero);
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        catch (Exception exception) when (IsTransient(exception))
        {
            var reason = $"{StorageErrors.Describe(exception)} The request will be retried.";
            log.WriteLine($"{version}: {reason}");
            await reporter.EndAsync(TrainingState.Failed, reason, null, CancellationToken.None);
            await ReleaseAsync(message, RetryAfter);
            return null;
        }
    }

    private static async Task ReleaseAsync(TrainingMessage message, TimeSpan delay)
    {
        try
        {
            await message.ReleaseAsync(delay, CancellationToken.None);
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            // Another trainer has the message, or it becomes visible by itself.
        }
    }

    private TrainingRequest? TryParse(TrainingMessage received)
    {
        try
        {
            return TrainingRequest.Parse(received.Body) is var request && StorageNames.IsName(request.Classifier)
                ? request
                : throw new FormatException($"The training request cannot be used: {StorageNames.InvalidNameMessage(request.Classifier)}");
        }
        catch (FormatException exception)
        {
            var message = $"{exception.Message} It is set aside in the queue {StorageNames.TrainingRequestsPoisonQueue}.";
            log.WriteEvent(message, "RequestSetAside", new Dictionary<string, string>());
            return null;
        }
    }

    private static bool IsPermanent(Exception exception) => exception is InvalidDataException || (exception is UserException && !IsTransient(exception));

    private static bool IsTransient(Exception exception) =>
        StorageErrors.IsStorageError(exception) || exception is IOException or UnauthorizedAccessException or ExternalException ||
        (exception is UserException { InnerException: { } cause } && IsTransient(cause));

    private static bool IsDone(TrainingRun run, TrainingRequest request) =>
        run.State is TrainingState.Published or TrainingState.Refused && run.Dataset == request.Dataset && run.DatasetETag == request.ETag;
}
