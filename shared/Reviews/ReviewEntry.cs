namespace Serverless.Reviews;

/// <summary>An article that a person is asked about, with what the model made of it.</summary>
/// <param name="Label">What the model said, as far as it is to be believed: see <paramref name="Score"/>.</param>
/// <param name="Time">When the model said so.</param>
public sealed record ReviewEntry(
    string Id,
    string Text,
    string? Title,
    string Label,
    double Score,
    IReadOnlyDictionary<string, double> Probabilities,
    string ModelVersion,
    DateTimeOffset Time);
