using Serverless.Models;
using Serverless.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Corrects the rows of runs whose trainer ended without updating them. A run that is still marked as running, while the caller holds
/// the classifier's lease, belongs to a killed trainer. That trainer, or one that was stopped or lost a response and marked its run
/// as failed, may have published its version before.
/// </summary>
internal sealed class OrphanedRuns(TrainingRuns runs, ModelRegistry registry, TimeProvider time)
{
    /// <returns>All runs of the classifier, with the corrections.</returns>
    public async Task<IReadOnlyList<TrainingRun>> CloseAsync(string classifier, CancellationToken cancellationToken)
    {
        var serving = (await registry.Pointers.ReadAsync(classifier, known: null, cancellationToken)).Current?.Version;
        var all = new List<TrainingRun>();
        foreach (var run in await runs.ListAsync(classifier, cancellationToken))
        {
            var closed = Close(run, serving);
            if (closed != run)
            {
                await runs.WriteAsync(closed, cancellationToken);
            }

            all.Add(closed);
        }

        return all;
    }

    private TrainingRun Close(TrainingRun run, string? serving) => run switch
    {
        { State: TrainingState.Running } or { State: TrainingState.Failed, PromotedAt: null } when run.Version == serving => run with
        {
            State = TrainingState.Published,
            Progress = 1,
            Reason = "Published; the trainer ended before it updated the run.",
            FinishedAt = time.GetUtcNow(),
        },
        { State: TrainingState.Running } => run with
        {
            State = TrainingState.Failed,
            Reason = "The trainer was killed; its request has returned to the queue.",
            FinishedAt = time.GetUtcNow(),
        },
        _ => run,
    };
}
