namespace Serverless.Serving;

/// <summary>A classifier's answer for one text.</summary>
/// <param name="Label">The most probable label.</param>
/// <param name="Score">Its calibrated probability.</param>
/// <param name="Probabilities">All labels, in the classifier's own order; they sum to 1.</param>
/// <param name="ModelVersion">The version that answered.</param>
/// <param name="Tokens">Tokens that were read.</param>
/// <param name="Truncated">True when the text was longer than the model reads.</param>
/// <param name="WaitMilliseconds">From the question to the start of the forward pass.</param>
/// <param name="ForwardMilliseconds">The forward pass of the micro-batch that the text was part of.</param>
public sealed record Prediction(
    string Label,
    double Score,
    IReadOnlyDictionary<string, double> Probabilities,
    string ModelVersion,
    int Tokens,
    bool Truncated,
    double WaitMilliseconds,
    double ForwardMilliseconds);
