using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>A training. Values that are not known yet are null.</summary>
/// <param name="Classifier">The classifier that is trained.</param>
/// <param name="Version">The version that the training makes.</param>
/// <param name="State">Queued, running, or how the training ended.</param>
/// <param name="Progress">From 0 to 1.</param>
/// <param name="Doing">The current step, as text.</param>
/// <param name="Step">The number of optimizer steps done.</param>
/// <param name="Steps">The number of optimizer steps in all.</param>
/// <param name="Loss">The training loss of the last step.</param>
/// <param name="ArticlesPerSecond">The training speed.</param>
/// <param name="SecondsRemaining">The estimated time to the last step; null unless the training runs.</param>
/// <param name="Eta">The estimated time of the last step; null unless the training runs.</param>
/// <param name="Accuracy">The last measured accuracy on the held-out rows.</param>
/// <param name="Reason">Why the training was refused or failed, or the decision of the gate.</param>
/// <param name="ServingProblem">Why the functions could not use the version.</param>
/// <param name="Dataset">The blob in the container <c>datasets</c>.</param>
/// <param name="BaseModel">The base model.</param>
/// <param name="RequestedAt">When the training was requested.</param>
/// <param name="StartedAt">When the training started.</param>
/// <param name="FinishedAt">When the training ended.</param>
public sealed record RunResponse(
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
    /// <param name="run">The row of the table.</param>
    /// <param name="now">The current time; the estimated end is counted from it.</param>
    public static RunResponse From(TrainingRun run, DateTimeOffset now)
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
            remaining is { } seconds ? now.AddSeconds(Math.Round(seconds)) : null,
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
