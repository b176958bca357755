namespace Serverless.Trainer.Evaluation;

/// <summary>The held-out metrics after a training step.</summary>
internal sealed record EvaluationPoint(int Step, double Loss, double Accuracy);
