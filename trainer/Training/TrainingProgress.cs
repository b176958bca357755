using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Training;

/// <summary>The state of a training after one optimizer step.</summary>
/// <param name="Step">Completed steps, from 1.</param>
/// <param name="Loss">Mean loss over the articles of this step.</param>
/// <param name="ArticlesPerSecond">Since this process started or resumed the training, without evaluations.</param>
/// <param name="GpuMemory">Bytes of GPU memory in use; null on a CPU.</param>
/// <param name="Evaluation">The held-out metrics, on steps with an evaluation.</param>
internal sealed record TrainingProgress(
    int Step,
    int Steps,
    double Loss,
    double LearningRate,
    double ArticlesPerSecond,
    TimeSpan Remaining,
    long? GpuMemory,
    EvaluationPoint? Evaluation);
