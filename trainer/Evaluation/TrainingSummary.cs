namespace Serverless.Trainer.Evaluation;

/// <summary>The summary of a training.</summary>
/// <param name="Steps">Completed steps.</param>
/// <param name="BestStep">The step of the best checkpoint, which is the adapter.</param>
/// <param name="SkippedSteps">Steps that were skipped because of an fp16 overflow.</param>
/// <param name="Duration">Duration of the steps, without evaluations.</param>
/// <param name="EarlyStop">Where and why the training ended before its last step; null if it did not.</param>
internal sealed record TrainingSummary(
    int Steps, int BestStep, int SkippedSteps, TimeSpan Duration, double ArticlesPerSecond, IReadOnlyList<CurvePoint> Curve, string? EarlyStop = null);

/// <summary>A point of the learning curve: the training loss of a step, or the mean since the previous point.</summary>
internal sealed record CurvePoint(int Step, double Loss, EvaluationPoint? HeldOut);
