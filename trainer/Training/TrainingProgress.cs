namespace Serverless.Trainer.Training;

/// <summary>The state of a training after one optimizer step.</summary>
/// <param name="Step">Steps done, from 1.</param>
/// <param name="Loss">Mean loss over the articles of this step.</param>
/// <param name="ArticlesPerSecond">Since this process began or resumed, evaluations not counted.</param>
/// <param name="GpuMemory">Bytes of the GPU's memory that are in use; null on a CPU.</param>
/// <param name="Evaluation">Held-out figures, on the steps that measure them.</param>
internal sealed record TrainingProgress(
    int Step,
    int Steps,
    double Loss,
    double LearningRate,
    double ArticlesPerSecond,
    TimeSpan Remaining,
    long? GpuMemory,
    EvaluationPoint? Evaluation);

/// <summary>One point of the held-out curve.</summary>
internal sealed record EvaluationPoint(int Step, double Loss, double Accuracy);
