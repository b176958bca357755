

using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>What the caller of <c>runs</c> gets.</summary>
internal sealed record RunsResponse(IReadOnlyList<RunResponse> Items)
{
    public static RunsResponse Of(IEnumerable<TrainingRun> runs) => new([.. runs.Select(RunResponse.Of)]);
}

/// <summary>One training. What is not known, or not yet, is null.</summary>
/// <param name="Progress">From 0 to 1.</param>
/// <param name="Doing">What is being done, for people.</param>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Loss">Of the last step.</param>
/// <param name="SecondsRemaining">Until the last step, at the present speed; null when the run has ended.</param>
/// <param name="Eta">When that will be, reckoned from now.</param>
/// <param name="Accuracy">On the held-out rows: the last measured.</param>
/// <param name="Reason">Why the run was refused or failed, or what the gate said.</param>
/// <param name="ServingProblem">Why the functions could not use the version that it made.</param>
internal sealed record RunResponse(
    string Classifier,
    string Version,
    TrainingState State,
    double Progress,
    string? Doing,
    int? Step,
    int? Steps,
    double? Loss,
    double? ArticlesPerSecond,
    double? SecondsRemaining,
    DateTimeOffset? Eta,
    double? Accuracy,
    string? Reason,
    string? ServingProblem,
    string? Dataset,
    string? BaseModel,
    DateTimeOffset? RequestedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt)
{
    public static RunResponse Of(TrainingRun run)
    {
        var remaining = run.State == TrainingState.Running ? Metric("secondsRemaining") : null;
        return new RunResponse(
            run.Classifier,
            run.Version,
            run.State,
            run.Progress,
            run.Step,
            (int?)Metric("step"),
            (int?)Metric("steps"),
            Metric("trainingLoss"),
            Metric("articlesPerSecond"),
            remaining,
            remaining is { } seconds ? TimeProvider.System.GetUtcNow().AddSeconds(Math.Round(seconds)) : null,
            Metric("accuracy"),
            run.Reason,
            run.ServingProblem,
            run.Dataset,
            run.BaseModel,
            run.RequestedAt,
            run.StartedAt,
            run.FinishedAt);

        double? Metric(string name) => run.Metrics.TryGetValue(name, out var value) ? value : null;
    }
}
