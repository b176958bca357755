namespace Serverless.Serving;

/// <summary>The prediction of a classifier for one text.</summary>
/// <param name="Label">The most probable label.</param>
/// <param name="Score">Its calibrated probability.</param>
/// <param name="Probabilities">All labels, in the classifier's own order; they sum to 1.</param>
/// <param name="ModelVersion">The version that computed it.</param>
/// <param name="Tokens">The number of tokens that were read.</param>
/// <param name="Truncated">True if the text is longer than the model reads.</param>
/// <param name="WaitMilliseconds">From the request to the start of the forward pass.</param>
/// <param name="ForwardMilliseconds">The forward pass of the whole micro-batch.</param>
public sealed record Prediction(
    string Label,
    double Score,
    IReadOnlyDictionary<string, double> Probabilities,
    string ModelVersion,
    int Tokens,
    bool Truncated,
    double WaitMilliseconds,
    double ForwardMilliseconds);
