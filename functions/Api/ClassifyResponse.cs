
using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>What the caller of <c>classify</c> gets for an article.</summary>
/// <param name="Id">The id that came with the article, or the SHA-256 of its text.</param>
/// <param name="Label">The likeliest label.</param>
/// <param name="Score">Its calibrated probability.</param>
/// <param name="Probabilities">Of every label.</param>
/// <param name="ModelVersion">Which version of the classifier said so.</param>
/// <param name="Tokens">How many tokens were read.</param>
/// <param name="Truncated">True when the text was longer than the model reads.</param>
/// <param name="Review">True when the score is below the classifier's threshold, so that a person should have a look.</param>
internal sealed record ClassifyResponse(
    string Id, string Label, double Score, IReadOnlyDictionary<string, double> Probabilities, string ModelVersion, int Tokens, bool Truncated, bool Review)
{
    public static ClassifyResponse Of(string id, Prediction classification, bool review) => new(
        id, classification.Label, classification.Score, classification.Probabilities, classification.ModelVersion, classification.Tokens, classification.Truncated, review);
}
