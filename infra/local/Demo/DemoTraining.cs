using Serverless.Storage;
using Serverless.Training;
using Spectre.Console;

namespace Serverless.Local.Demo;

/// <summary>Uploads a data set and shows the progress of its training from the table <c>trainingruns</c>.</summary>
internal sealed class DemoTraining(StorageClients storage, string classifier)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(20);

    private readonly TrainingRuns runs = new(storage);

    public async Task<TrainingRun> TrainAsync(string file, CancellationToken cancellationToken)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient($"{classifier}/{classifier}.csv");
        var uploaded = await blob.UploadAsync(file, overwrite: true, cancellationToken);
        var etag = uploaded.Value.ETag.ToString();
        return await AnsiConsole.Progress()
            .Columns(new SpinnerColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new TaskDescriptionColumn())
            .StartAsync(bar => WaitForEndAsync(bar.AddTask("waiting for the trainer"), etag, cancellationToken));
    }

    private async Task<TrainingRun> WaitForEndAsync(ProgressTask bar, string etag, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Timeout)
        {
            var run = (await runs.ListAsync(classifier, cancellationToken)).LastOrDefault(run => run.DatasetETag == etag);
            if (run is not null)
            {
                bar.Value = run.Progress * bar.MaxValue;
                bar.Description = Markup.Escape(run.Step ?? $"{run.State}");
                if (run.State is TrainingState.Published or TrainingState.Refused or TrainingState.Failed)
                {
                    bar.Value = bar.MaxValue;
                    return run;
                }
            }

            await Task.Delay(250, cancellationToken);
        }

        throw new LocalSystemException($"The training did not end within {Timeout.TotalMinutes:0} minutes: see the log of the trainer.");
    }
}
