namespace Serverless.Trainer.Evaluation;

/// <summary>Not even one article fits into memory, so smaller batches do not help.</summary>
internal sealed class MemoryExhaustedException(string message) : UserException(message);
