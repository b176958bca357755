namespace Serverless.Trainer.Training;

/// <summary>The gradient is not finite, and a lower loss scale cannot help.</summary>
internal sealed class TrainingDivergedException(int step) : UserException(
    $"The gradient is not finite at step {step}: the training diverged. Lower --learning-rate or raise --warmup-ratio; " +
    "if --precision is fp16, try bf16 or fp32.");
