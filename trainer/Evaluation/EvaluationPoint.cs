namespace Serverless.Trainer.Evaluation;

/// <summary>The held-out metrics after a training step.</summary>
/// <param name="Loss">Mean cross-entropy, weighted as the training loss is.</param>
/// <param name="MacroF1">The unweighted mean of F1 over the labels; null in a curve of an earlier version.</param>
internal sealed record EvaluationPoint(int Step, double Loss, double Accuracy, double? MacroF1 = null);
