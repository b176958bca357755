using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Serving;

namespace Serverless.Articles;

/// <summary>Turns a message of the queue <c>articles</c> into a result.</summary>
/// <remarks>
/// An error of the sender becomes a rejected result, since another attempt would not help. An article that cannot be classified at present
/// through no fault of its own is put off (<see cref="ArticleDeferral"/>). All other errors are thrown, so that the host delivers the message
/// again, up to five times in all (<see cref="ArticleFailures"/>).
/// </remarks>
public sealed class ArticleProcessor(
    ArticleMessageReader reader,
    ArticleClassifier classifier,
    ResultWriter results,
    ArticleReviews reviews,
    ArticleDeferral deferral,
    ArticleFailures failures,
    TimeProvider time,
    ILogger<ArticleProcessor> log)
{
    private readonly AsyncKeyedLock<(string Classifier, string Id)> locks = new();

    /// <summary>Classifies the article of a message, unless it has a final result.</summary>
    /// <returns>The outcome of the write; null if the article was put off.</returns>
    public async Task<WriteOutcome?> ProcessAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var article = reader.Parse(message);
        try
        {
            return await locks.RunAsync(article.Key, () => AttemptAsync(article, cancellationToken), cancellationToken);
        }
        catch (Exception exception) when (deferral.Applies(article, exception))
        {
            await deferral.DeferAsync(article, exception, cancellationToken);
            if (article.IsLastAttempt)
            {
                await failures.RemoveAsync(article, cancellationToken);
            }

            return null;
        }
    }

    private async Task<WriteOutcome> AttemptAsync(ReceivedArticle article, CancellationToken cancellationToken)
    {
        if (!article.IsLastAttempt || article.Rejection is not null)
        {
            return await ProcessAsync(article, cancellationToken);
        }

        await failures.KeepAsync(article, cancellationToken);
        try
        {
            var outcome = await ProcessAsync(article, cancellationToken);
            await failures.RemoveAsync(article, cancellationToken);
            return outcome;
        }
        catch (Exception exception) when (!deferral.Applies(article, exception) && !cancellationToken.IsCancellationRequested)
        {
            await failures.RecordAsync(article, exception, cancellationToken);
            throw;
        }
    }

    private async Task<WriteOutcome> ProcessAsync(ReceivedArticle received, CancellationToken cancellationToken)
    {
        var article = await reader.ReadTextAsync(received, cancellationToken);
        if (article.Rejection is { } reason)
        {
            return await RejectAsync(article, reason, cancellationToken);
        }

        if (await results.TryReuseExistingAsync(article, cancellationToken) is { } existing)
        {
            // The previous attempt may have ended between its result and this.
            await reviews.RemoveSupersededAsync(article, existing, cancellationToken);
            log.LogDebug("Article {ArticleId} needs no forward pass: {Outcome}", article.Message.Id, existing);
            return existing;
        }

        try
        {
            var prediction = await classifier.ClassifyQueuedAsync(article.Classifier, article.Text!, cancellationToken);
            return await StoreAsync(article, ToResult(article, prediction), cancellationToken);
        }
        catch (UnknownClassifierException exception) when (!deferral.Applies(article, exception))
        {
            return await RejectAsync(article, exception.Message, cancellationToken);
        }
    }

    private async Task<WriteOutcome> RejectAsync(ReceivedArticle article, string reason, CancellationToken cancellationToken)
    {
        log.LogWarning("Article {ArticleId} was rejected: {Reason}", article.Message.Id, reason);
        var result = article.ToResult(ClassificationStatus.Rejected, article.EnqueuedAt, time.GetUtcNow(), reason);
        return await results.WriteAsync(article, result, cancellationToken);
    }

    private ClassificationResult ToResult(ReceivedArticle article, Prediction prediction) =>
        article.ToResult(ClassificationStatus.Classified, article.EnqueuedAt, time.GetUtcNow()) with
        {
            Label = prediction.Label,
            Score = prediction.Score,
            Probabilities = prediction.Probabilities,
            ModelVersion = prediction.ModelVersion,
            Tokens = prediction.Tokens,
            Truncated = prediction.Truncated,
            Review = reviews.IsNeeded(article.Classifier, prediction.Score),
            QueueMilliseconds = Math.Max(0, (article.ReceivedAt - article.EnqueuedAt).TotalMilliseconds),
            WaitMilliseconds = prediction.WaitMilliseconds,
            ForwardMilliseconds = prediction.ForwardMilliseconds,
        };

    private async Task<WriteOutcome> StoreAsync(ReceivedArticle article, ClassificationResult result, CancellationToken cancellationToken)
    {
        // Before the result: after a crash in between, the article is queued for review twice, which is better than not at all.
        await reviews.EnqueueAsync(article.Message, result, cancellationToken);
        var outcome = await results.WriteAsync(article, result, cancellationToken);
        await reviews.RemoveSupersededAsync(article, outcome, cancellationToken);
        log.LogInformation(
            "Article {ArticleId} of {Classifier} is {Label} ({Score:0.000}) by {ModelVersion}, {Milliseconds:0} ms after it arrived: {Outcome}",
            result.Id, result.Classifier, result.Label, result.Score, result.ModelVersion, result.WaitMilliseconds + result.ForwardMilliseconds, outcome);
        return outcome;
    }
}
