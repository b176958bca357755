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
/// One training request from data set to published version: download, validate, train, compare with the version that serves,
/// upload, publish. The caller holds the request's message and the classifier's lease.
/// </summary>
internal sealed class TrainingJob(
    StorageClients storage, ModelRegistry registry, ModelOptions settings, TextWriter log, TimeProvider time)
{
    // Only a person who publishes by hand at the same moment can make it try again.
    private const int PublishAttempts = 3;

    /// <param name="request">What to train on.</param>
    /// <param name="version">The name of the version that comes of it.</param>
    /// <param name="lease">Held until the end.</param>
    /// <param name="progress">Told of each step.</param>
    /// <param name="cancellationToken">Ends the work; a checkpoint stays in storage.</param>
    /// <returns>How it ended: the state, the reason for a person, and the figures for the run's row.</returns>
    /// <exception cref="DataSetRefusedException">The data set cannot be trained on.</exception>
    public async Task<JobOutcome> RunAsync(
        TrainingRequest request, string version, ClassifierLease lease, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        var work = Directory.CreateTempSubdirectory("trainer-").FullName;
        try
        {
            if (await DownloadDataSetAsync(request, work, cancellationToken) is not { } dataSetFile)
            {
                return new JobOutcome(TrainingState.Refused, "The data set has been replaced since; its newer state has a request of its own.", null);
            }

            var baseFolder = await registry.DownloadBaseAsync(settings.Base, cancellationToken);
            var options = TrainOptionsLoader.Load(baseFolder);
            var data = DataSet.Load(dataSetFile, options.HeldOutFraction, request.Dataset);
            var output = Path.Combine(work, "adapter");
            await using var checkpoint = new CheckpointBlob(lease, request, TrainingCheckpoint.PathFor(output), log);
            await checkpoint.DownloadAsync(cancellationToken);
            var fineTune = new FineTune(data, options, baseFolder, settings.Base, output) { ReplaceCheckpoint = true, Checkpointed = checkpoint.NotifyWritten };
            var (report, predicted) = await Task.Run(
                () => ProgressDisplay.Show(log, options.LoggingSteps, (display, lines) => fineTune.Run(lines, new CompositeProgress(display, progress), time, cancellationToken)), cancellationToken);
            return await PublishAsync(request, version, fineTune, report, predicted, cancellationToken);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private async Task<JobOutcome> PublishAsync(
        TrainingRequest request, string version, FineTune fineTune, AdapterReport report, IReadOnlyList<string> predicted, CancellationToken cancellationToken)
    {
        var uploaded = false;
        for (var attempt = 1; attempt <= PublishAttempts; attempt++)
        {
            var pointer = await registry.Pointers.ReadAsync(request.Classifier, known: null, cancellationToken);
            if (uploaded && pointer.Current?.Version == version)
            {
                // The pointer was written, and the answer to that was lost.
                return new JobOutcome(TrainingState.Published, report.Figures.Gate!.Reason, report.Figures.HeldOut);
            }

            var verdict = await EvaluateGateAsync(request.Classifier, pointer, fineTune, predicted, cancellationToken);
            log.WriteLine($"gate   {verdict.Reason}");
            if (!uploaded)
            {
                report = report with { Figures = report.Figures with { Gate = verdict } };
                report.Write(fineTune.OutputFolder);
                await registry.Versions.UploadAsync(
                    request.Classifier, version, fineTune.OutputFolder, fineTune.BaseModel, request.Dataset, request.ETag, cancellationToken);
                uploaded = true;
            }

            if (!verdict.Passed)
            {
                return new JobOutcome(TrainingState.Refused, verdict.Reason, report.Figures.HeldOut);
            }

            if (await registry.Pointers.PublishAsync(request.Classifier, version, pointer.ETag, cancellationToken))
            {
                return new JobOutcome(TrainingState.Published, verdict.Reason, report.Figures.HeldOut);
            }
        }

        return new JobOutcome(TrainingState.Failed, "Other versions were published at the same time, again and again.", report.Figures.HeldOut);
    }

    private async Task<GateVerdict> EvaluateGateAsync(
        string classifier, PointerReading pointer, FineTune fineTune, IReadOnlyList<string> predicted, CancellationToken cancellationToken)
    {
        var heldOut = fineTune.Data.HeldOut;
        if (await BaselinePredictions.ComputeAsync(registry, classifier, pointer, fineTune.Options.Precision, heldOut, log, cancellationToken) is not { } baseline)
        {
            return Gate.FirstVersion;
        }

        var rows = heldOut.Select((row, i) => new PairedPrediction(row.Label, predicted[i], baseline.Predicted[i])).ToArray();
        return Gate.Evaluate(rows, [.. fineTune.Data.Labels], [.. baseline.Labels]);
    }

    /// <returns>Null if the blob is no longer the one that the request names.</returns>
    /// <exception cref="DataSetRefusedException">There is no such blob.</exception>
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
            throw new DataSetRefusedException(request.Dataset, $"There is no such blob in the container '{StorageNames.DatasetsContainer}'.");
        }
    }

    // Listings give ETags bare, headers in quotation marks.
    private static string Unquoted(string etag) => etag.Trim('"');

    private sealed class CompositeProgress(IProgress<TrainingProgress> first, IProgress<TrainingProgress> second) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            first.Report(value);
            second.Report(value);
        }
    }
}

/// <summary>How a job ended.</summary>
/// <param name="HeldOut">Null if nothing was trained.</param>
internal sealed record JobOutcome(TrainingState State, string Reason, ClassificationMetrics? HeldOut);
