namespace Serverless.Reviews;

/// <summary>An article that waits for a person's label, with the model's prediction.</summary>
/// <param name="Label">The predicted label.</param>
/// <param name="Score">Its calibrated probability.</param>
/// <param name="Time">When the prediction was made.</param>
public sealed record ReviewEntry(
    string Id,
    string Text,
    string? Title,
    string Label,
    double Score,
    IReadOnlyDictionary<string, double> Probabilities,
    string ModelVersion,
    DateTimeOffset Time);
