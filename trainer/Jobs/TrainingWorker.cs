using System.Runtime.InteropServices;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;
using Serverless.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Takes requests from the queue and sees each to its end: done, refused, failed for good, or back in the queue for another
/// try. Whatever happens is told in the run's row and on standard error; nothing is lost silently.
/// </summary>
internal sealed class TrainingWorker(StorageClients storage, ModelOptions settings, TextWriter log, TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    private readonly TrainingQueue queue = new(storage, time);
    private readonly TrainingRuns runs = new(storage);
    private readonly ModelRegistry registry = new(storage, new TrainingRuns(storage), settings.CacheFolder, time);

    /// <param name="drain">Go on until the queue gives nothing more.</param>
    /// <param name="cancellationToken">Ends the work; the request goes back to the queue at once.</param>
    /// <returns>False if a request is left to be tried again.</returns>
    public async Task<bool> RunAsync(bool drain, CancellationToken cancellationToken)
    {
        var allDone = true;
        do
        {
            await using var message = await queue.ReceiveAsync(cancellationToken);
            if (message is null)
            {
                log.WriteLine("The queue holds no training request.");
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
            log.WriteLine($"Another trainer is at work on the classifier {request.Classifier}; the request waits.");
            await message.PostponeAsync(RetryAfter, cancellationToken);
            return true;
        }

        return await TrainAsync(message, lease, request, cancellationToken);
    }

    private async Task<bool> TrainAsync(TrainingMessage message, ClassifierLease lease, TrainingRequest request, CancellationToken cancellationToken)
    {
        var earlier = await CloseOrphansAsync(request.Classifier, cancellationToken);
        if (earlier.FirstOrDefault(run => IsDone(run, request)) is { } done)
        {
            log.WriteLine($"{request.Dataset} was trained on already: version {done.Version}, {done.State}.");
            await CheckpointBlob.RemoveAsync(lease, request, log, cancellationToken);
            await message.CompleteAsync(cancellationToken);
            return true;
        }

        if (TrainingQueue.HasFailedTooOften(message))
        {
            log.WriteLine($"{request.Dataset}: tried {message.DequeueCount - 1} times; set aside in the queue {StorageNames.TrainingRequestsPoisonQueue}.");
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

        // A fault from here on must not call the run failed: it stays as running, and who gets the request next finds what was published.
        log.WriteLine($"{version} {outcome.State}: {outcome.Reason}");
        await reporter.EndAsync(outcome.State, outcome.Reason, ToMetrics(outcome.HeldOut), cancellationToken);
        await CheckpointBlob.RemoveAsync(lease, request, log, cancellationToken);
        await message.CompleteAsync(cancellationToken);
        return true;
    }

    /// <returns>Null if the request went back to the queue.</returns>
    private async Task<JobOutcome?> TryRunAsync(
        TrainingRequest request, string version, ClassifierLease lease, TrainingRunReporter reporter, TrainingMessage message, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        try
        {
            return await new TrainingJob(storage, registry, settings, log, time).RunAsync(request, version, lease, reporter, stop.Token);
        }
        catch (Exception exception) when (exception is DataSetRefusedException or InvalidTrainOptionsException or TrainingDivergedException or InsufficientMemoryException or InvalidDataException)
        {
            var state = exception is DataSetRefusedException ? TrainingState.Refused : TrainingState.Failed;
            return new JobOutcome(state, exception.Message, null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The token is spent, and the row and the message still have to be put in order.
            await reporter.EndAsync(TrainingState.Failed, "The trainer was stopped; the request is back in the queue.", null, CancellationToken.None);
            await ReleaseAsync(message, TimeSpan.Zero);
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception) || exception is IOException or UnauthorizedAccessException or ExternalException)
        {
            var reason = $"{StorageErrors.Describe(exception)} The request will be tried again.";
            log.WriteLine($"{version}: {reason}");
            await reporter.EndAsync(TrainingState.Failed, reason, null, CancellationToken.None);
            await ReleaseAsync(message, RetryAfter);
            return null;
        }
    }

    /// <summary>
    /// Runs that still stand as running, though we have the classifier's lease, belong to a trainer that was killed. It, or one that stands as failed
    /// since it was stopped or lost the answer, may have published before.
    /// </summary>
    private async Task<IReadOnlyList<TrainingRun>> CloseOrphansAsync(string classifier, CancellationToken cancellationToken)
    {
        var serving = (await registry.Pointers.ReadAsync(classifier, known: null, cancellationToken)).Current?.Version;
        var earlier = new List<TrainingRun>();
        foreach (var run in await runs.ListAsync(classifier, cancellationToken))
        {
            var closed = run switch
            {
                { State: TrainingState.Running } or { State: TrainingState.Failed, PromotedAt: null } when run.Version == serving =>
                    run with { State = TrainingState.Published, Progress = 1, Reason = "Published; the trainer ended before it could tell more.", FinishedAt = time.GetUtcNow() },
                { State: TrainingState.Running } =>
                    run with { State = TrainingState.Failed, Reason = "The trainer was killed; its request came back to the queue.", FinishedAt = time.GetUtcNow() },
                _ => run,
            };
            if (closed != run)
            {
                await runs.WriteAsync(closed, cancellationToken);
            }

            earlier.Add(closed);
        }

        return earlier;
    }

    private static async Task ReleaseAsync(TrainingMessage message, TimeSpan delay)
    {
        try
        {
            await message.ReleaseAsync(delay, CancellationToken.None);
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            // The message has another owner by now, or becomes visible by itself.
        }
    }

    private TrainingRequest? TryParse(TrainingMessage message)
    {
        try
        {
            return TrainingRequest.Parse(message.Body) is var request && StorageNames.IsName(request.Classifier)
                ? request
                : throw new FormatException($"The training request cannot be used: {StorageNames.InvalidNameMessage(request.Classifier)}");
        }
        catch (FormatException exception)
        {
            log.WriteLine($"{exception.Message} It is set aside in the queue {StorageNames.TrainingRequestsPoisonQueue}.");
            return null;
        }
    }

    private static bool IsDone(TrainingRun run, TrainingRequest request) =>
        run.State is TrainingState.Published or TrainingState.Refused && run.Dataset == request.Dataset && run.DatasetETag == request.ETag;

    private static Dictionary<string, double>? ToMetrics(ClassificationMetrics? metrics) => metrics is null ? null : new()
    {
        ["accuracy"] = metrics.Accuracy,
        ["precision"] = metrics.Precision,
        ["recall"] = metrics.Recall,
        ["f1"] = metrics.F1,
        ["loss"] = metrics.Loss,
        ["calibrationError"] = metrics.CalibrationError,
        ["heldOutRows"] = metrics.Rows,
    };
}
