using Serverless.Trainer.Training;

namespace Serverless.Trainer.Evaluation;

/// <summary>How a training went.</summary>
/// <param name="BestStep">The step whose adapter was kept.</param>
/// <param name="SkippedSteps">Steps that an fp16 overflow cost.</param>
/// <param name="Duration">Of the steps alone, evaluations not counted.</param>
internal sealed record TrainingSummary(
    int Steps, int BestStep, int SkippedSteps, TimeSpan Duration, double ArticlesPerSecond, IReadOnlyList<CurvePoint> Curve);

/// <summary>A point of the learning curve: the training loss of a step, or its mean since the point before.</summary>
internal sealed record CurvePoint(int Step, double Loss, EvaluationPoint? HeldOut);
