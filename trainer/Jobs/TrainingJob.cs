using Azure;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Progress;
using Serverless.Trainer.Reports;
using Serverless.Trainer.Training;
using Serverless.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Processes one training request: download and validate the data set, train, compare with the serving version, upload, publish.
/// The caller holds the request's message and the classifier's lease.
/// </summary>
internal sealed class TrainingJob(
    StorageClients storage, ModelRegistry registry, ModelOptions settings, TextWriter log, TimeProvider time)
{
    // Another attempt is needed only if a person promotes a version at the same moment.
    private const int PublishAttempts = 3;

    /// <param name="request">The request.</param>
    /// <param name="version">The name of the new version.</param>
    /// <param name="lease">The classifier's lease, held by the caller.</param>
    /// <param name="progress">Receives the progress after each step.</param>
    /// <param name="cancellationToken">Stops the job; its checkpoint stays in storage.</param>
    /// <returns>The final state, the reason, and the metrics for the run's row.</returns>
    /// <exception cref="DataSetRefusedException">The data set cannot be used for training.</exception>
    /// <exception cref="InvalidTrainOptionsException">The settings of the classifier or of the base cannot be used.</exception>
    public async Task<JobOutcome> RunAsync(
        TrainingRequest request, string version, ClassifierLease lease, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        var work = Directory.CreateTempSubdirectory("trainer-").FullName;
        try
        {
            if (await DownloadDataSetAsync(request, work, cancellationToken) is not { } dataSetFile)
            {
                return new JobOutcome(TrainingState.Refused, "The data set has been replaced since; its newer version has its own request.", null);
            }

            var baseModel = await registry.Bases.DownloadAsync(settings.Base, cancellationToken);
            var options = await ClassifierSettings.LoadAsync(storage, request.Classifier, baseModel.Folder, cancellationToken);
            var data = await DataSet.LoadAsync(dataSetFile, options.HeldOutFraction, request.Dataset, cancellationToken: cancellationToken);
            var output = Path.Combine(work, "adapter");
            await using var checkpoint = new CheckpointBlob(lease, request, TrainingCheckpoint.PathFor(output), log);
            await checkpoint.DownloadAsync(cancellationToken);
            var fineTune = new FineTune(data, options, baseModel.Folder, settings.Base, new AdapterFolder(output))
            {
                SettingsFile = ClassifierSettings.NameFor(request.Classifier),
                ReplaceCheckpoint = true,
                Checkpointed = checkpoint.NotifyWritten,
            };
            var result = await Task.Run(() => Train(fineTune, options, progress, cancellationToken), cancellationToken);
            return await PublishAsync(request, version, output, baseModel, data, result, cancellationToken);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private FineTuneResult Train(FineTune fineTune, TrainOptions options, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        var result = ProgressDisplay.Show(
            log, options.LoggingSteps, (display, lines) => fineTune.Run(lines, new CompositeProgress(display, progress), time, cancellationToken));
        fineTune.Commit();
        return result;
    }

    private async Task<JobOutcome> PublishAsync(
        TrainingRequest request, string version, string folder, LocalBase baseModel, DataSet data, FineTuneResult result, CancellationToken cancellationToken)
    {
        var uploaded = false;
        for (var attempt = 1; attempt <= PublishAttempts; attempt++)
        {
            var pointer = await registry.Pointers.ReadAsync(request.Classifier, known: null, cancellationToken);
            if (uploaded && pointer.Current?.Version == version)
            {
                // The previous attempt wrote the pointer, but its response was lost.
                return new JobOutcome(TrainingState.Published, result.Metrics.Gate!.Reason, result.Metrics);
            }

            var verdict = await EvaluateGateAsync(request.Classifier, pointer, data, result, cancellationToken);
            log.WriteLine($"gate   {verdict.Reason}");
            if (!uploaded)
            {
                result = result with { Metrics = result.Metrics with { Gate = verdict } };
                AdapterReport.Write(folder, result);
                await registry.Versions.UploadAsync(
                    request.Classifier, version, folder, baseModel, request.Dataset, request.ETag, cancellationToken);
                uploaded = true;
            }

            if (!verdict.Passed)
            {
                return new JobOutcome(TrainingState.Refused, verdict.Reason, result.Metrics);
            }

            if (await registry.Pointers.PublishAsync(request.Classifier, version, pointer.ETag, cancellationToken))
            {
                return new JobOutcome(TrainingState.Published, verdict.Reason, result.Metrics);
            }
        }

        return new JobOutcome(TrainingState.Failed, "Other versions were published at the same time in each attempt.", result.Metrics);
    }

    private async Task<GateVerdict> EvaluateGateAsync(
        string classifier, PointerReading pointer, DataSet data, FineTuneResult result, CancellationToken cancellationToken)
    {
        var baseline = await BaselinePredictions.ComputeAsync(
            registry, classifier, pointer, result.Options.Precision, data.HeldOut, log, cancellationToken);
        if (baseline is null)
        {
            var mostFrequent = data.Train.CountBy(row => row.Label).OrderByDescending(label => label.Value).ThenBy(label => label.Key, StringComparer.Ordinal);
            return FirstVersionGate.Evaluate([.. data.HeldOut.Select((row, i) => (row.Label, result.HeldOutLabels[i]))], mostFrequent.First().Key);
        }

        var rows = data.HeldOut.Select((row, i) => new PairedPrediction(row.Label, result.HeldOutLabels[i], baseline.Predicted[i])).ToArray();
        return Gate.Evaluate(rows, [.. data.Labels], [.. baseline.Labels], baseline.Version);
    }

    /// <returns>Null if the blob has changed since the request.</returns>
    /// <exception cref="DataSetRefusedException">The blob does not exist.</exception>
    private async Task<string?> DownloadDataSetAsync(TrainingRequest request, string folder, CancellationToken cancellationToken)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient(request.Dataset);
        try
        {
            using var download = (await blob.DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            if (ETags.Unquote(download.Details.ETag.ToString()) != ETags.Unquote(request.ETag))
            {
                return null;
            }

            var path = Path.Combine(folder, "data" + Path.GetExtension(request.Dataset));
            await using var file = File.Create(path);
            await download.Content.CopyToAsync(file, cancellationToken);
            return path;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw new DataSetRefusedException(request.Dataset, $"The container '{StorageNames.DatasetsContainer}' has no such blob.");
        }
    }

    private sealed class CompositeProgress(IProgress<TrainingProgress> first, IProgress<TrainingProgress> second) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            first.Report(value);
            second.Report(value);
        }
    }
}

/// <summary>The outcome of a job.</summary>
/// <param name="Metrics">The metrics of the version; null if nothing was trained.</param>
internal sealed record JobOutcome(TrainingState State, string Reason, TrainingReport? Metrics);
