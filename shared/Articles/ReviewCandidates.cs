using Serverless.Reviews;

namespace Serverless.Articles;

/// <summary>Converts a result into what <see cref="ReviewStore"/> takes.</summary>
internal static class ReviewCandidates
{
    public static ReviewCandidate ToReviewCandidate(this ClassificationResult result, ArticleMessage article) => new()
    {
        Classifier = result.Classifier,
        Id = result.Id,
        TextHash = result.TextHash,
        Text = article.Text,
        Blob = article.Blob,
        Title = article.Title,
        Label = result.Label,
        Score = result.Score,
        Probabilities = result.Probabilities,
        ModelVersion = result.ModelVersion,
        Time = result.CompletedAt,
    };
}
