using Serverless.Reviews;
using Serverless.Serving;

namespace Serverless.Articles;

/// <summary>Keeps the entries of the review in step with the results of articles.</summary>
public sealed class ArticleReviews(ReviewStore reviews, ArticleSender sender, ResultStore results, ClassifierOptions options)
{
    /// <summary>Whether a person should check a prediction with this score.</summary>
    public bool IsNeeded(string classifier, double score) => options.NeedsReview(classifier, score);

    /// <summary>Queues an article for review. Does nothing if the result needs none.</summary>
    internal async Task EnqueueAsync(ArticleMessage article, ClassificationResult result, CancellationToken cancellationToken)
    {
        if (result.Review)
        {
            await reviews.EnqueueAsync(ToCandidate(article, result), cancellationToken);
            await sender.SendForReviewAsync(article, result, cancellationToken);
        }
    }

    /// <summary>Deletes the entries of superseded texts after a result was written.</summary>
    internal async Task RemoveSupersededAsync(ReceivedArticle article, WriteOutcome outcome, CancellationToken cancellationToken)
    {
        if (outcome == WriteOutcome.Stale)
        {
            await reviews.RemoveAsync(article.Classifier, article.Message.Id, article.TextHash, cancellationToken);
        }
        else if (outcome != WriteOutcome.Created && await results.FindAsync(article.Classifier, article.Message.Id, cancellationToken) is { } standing)
        {
            await reviews.RemoveEarlierAsync(standing.Classifier, standing.Id, standing.TextHash, standing.CompletedAt, cancellationToken);
        }
    }

    private static ReviewCandidate ToCandidate(ArticleMessage article, ClassificationResult result) => new()
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
