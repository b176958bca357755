using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Training;

/// <summary>The result of a fine-tuning, besides the adapter itself.</summary>
/// <param name="Metrics">The content of <c>metrics.json</c>.</param>
/// <param name="Uncalibrated">The reliability diagram of the held-out rows without the fitted temperature.</param>
/// <param name="Mistakes">The worst mistakes. They contain texts of the data set, so they are written to the report page only.</param>
/// <param name="Lengths">The token lengths of all articles.</param>
/// <param name="HeldOutLabels">The predicted label of each held-out row.</param>
internal sealed record FineTuneResult(
    TrainingReport Metrics,
    TrainOptions Options,
    IReadOnlyList<ReliabilityBin> Uncalibrated,
    IReadOnlyList<Mistake> Mistakes,
    TokenLengths Lengths,
    IReadOnlyList<string> HeldOutLabels);
