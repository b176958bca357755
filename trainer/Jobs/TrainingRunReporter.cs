
using Serverless.Storage;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;
using Serverless.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Writes the state of one training run to its row in <c>trainingruns</c>. The training thread only stores its latest progress
/// here; a background task writes it to storage, at most every two seconds, so that a slow network never slows a step.
/// </summary>
internal sealed class TrainingRunReporter : IProgress<TrainingProgress>, IAsyncDisposable
{
    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(2);

    private readonly TrainingRuns runs;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop = new();
    private readonly Task writeLoop;
    private TrainingRun run;
    private TrainingProgress? latest;

    private TrainingRunReporter(TrainingRuns runs, TrainingRun run, TimeProvider time)
    {
        this.runs = runs;
        this.run = run;
        this.time = time;
        writeLoop = WriteProgressAsync();
    }

    public static async Task<TrainingRunReporter> StartAsync(TrainingRuns runs, TrainingRun run, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = run with { State = TrainingState.Running, StartedAt = time.GetUtcNow() };
        await runs.WriteAsync(started, cancellationToken);
        return new TrainingRunReporter(runs, started, time);
    }

    public void Report(TrainingProgress value) => Volatile.Write(ref latest, value);

    /// <param name="metrics">The metrics of the version; null if nothing was trained.</param>
    public async Task EndAsync(TrainingState state, string? reason, TrainingReport? metrics, CancellationToken cancellationToken)
    {
        await StopWritingAsync();
        run = run with
        {
            State = state,
            Reason = reason,
            Progress = state is TrainingState.Published ? 1 : run.Progress,
            Step = metrics is null ? run.Step : Describe(metrics.Training),
            Metrics = metrics is null ? run.Metrics : Describe(metrics.HeldOut),
            FinishedAt = time.GetUtcNow(),
        };
        await runs.WriteAsync(run, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopWritingAsync();
        stop.Dispose();
    }

    private async Task WriteProgressAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(WriteInterval, time, stop.Token);
                if (Interlocked.Exchange(ref latest, null) is { } progress)
                {
                    run = Describe(run, progress);
                    await TryWriteAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task TryWriteAsync()
    {
        try
        {
            await runs.WriteAsync(run, stop.Token);
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            // A lost progress update is replaced by the next one. EndAsync writes the end of the run and reports its failure.
        }
    }

    private static TrainingRun Describe(TrainingRun run, TrainingProgress progress)
    {
        var metrics = new Dictionary<string, double>(run.Metrics)
        {
            ["step"] = progress.Step,
            ["steps"] = progress.Steps,
            ["trainingLoss"] = progress.Loss,
            ["learningRate"] = progress.LearningRate,
            ["articlesPerSecond"] = progress.ArticlesPerSecond,
            ["secondsRemaining"] = progress.Remaining.TotalSeconds,
        };
        if (progress.GpuMemory is { } bytes)
        {
            metrics["gpuMemoryBytes"] = bytes;
        }

        if (progress.Evaluation is { } evaluation)
        {
            metrics["accuracy"] = evaluation.Accuracy;
            metrics["loss"] = evaluation.Loss;
        }

        if (progress.Evaluation?.MacroF1 is { } macroF1)
        {
            metrics["macroF1"] = macroF1;
        }

        return run with
        {
            Progress = (double)progress.Step / progress.Steps,
            Step = $"step {progress.Step} of {progress.Steps}",
            Metrics = metrics,
        };
    }

    private static string Describe(TrainingSummary training) => training.EarlyStop ?? $"step {training.Steps} of {training.Steps}";

    private static Dictionary<string, double> Describe(ClassificationMetrics metrics) => new()
    {
        ["accuracy"] = metrics.Accuracy,
        ["precision"] = metrics.Precision,
        ["recall"] = metrics.Recall,
        ["f1"] = metrics.F1,
        ["macroF1"] = metrics.MacroF1,
        ["loss"] = metrics.Loss,
        ["calibrationError"] = metrics.CalibrationError,
        ["heldOutRows"] = metrics.Rows,
    };

    private async Task StopWritingAsync()
    {
        await stop.CancelAsync();
        await writeLoop;
    }
}
