using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>The classification of an article, as <c>POST classify</c> returns it.</summary>
/// <param name="Id">The id of the request, or the SHA-256 of the text.</param>
/// <param name="Label">The most probable label.</param>
/// <param name="Score">The calibrated probability of the label.</param>
/// <param name="Probabilities">The probability of each label.</param>
/// <param name="ModelVersion">The version of the classifier.</param>
/// <param name="Tokens">The number of tokens that were read.</param>
/// <param name="Truncated">True if the text is longer than the model reads.</param>
/// <param name="Review">True if the score is below the classifier's threshold, so that a person should check the label.</param>
public sealed record ClassifyResponse(
    string Id,
    string Label,
    double Score,
    IReadOnlyDictionary<string, double> Probabilities,
    string ModelVersion,
    int Tokens,
    bool Truncated,
    bool Review)
{
    public static ClassifyResponse From(string id, Prediction prediction, bool review) => new(
        id,
        prediction.Label,
        prediction.Score,
        prediction.Probabilities,
        prediction.ModelVersion,
        prediction.Tokens,
        prediction.Truncated,
        review);
}
