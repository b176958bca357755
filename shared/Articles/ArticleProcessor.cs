using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Reviews;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>
/// Turns a message of the queue <c>articles</c> into a result. An error of the sender becomes a rejected result, since a retry would not
/// help; all other errors are thrown, so that the queue delivers the message again.
/// </summary>
public sealed class ArticleProcessor(
    ArticleMessageReader reader,
    ArticleClassifier classifier,
    ArticleSender sender,
    ReviewStore reviews,
    ResultStore results,
    ClassifierOptions options,
    TimeProvider time,
    ILogger<ArticleProcessor> log)
{
    private readonly AsyncKeyedLock<(string Classifier, string Id)> locks = new();

    /// <summary>Classifies the article of a message, unless it has a final result.</summary>
    public async Task<WriteOutcome> ProcessAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var arrivedAt = time.GetUtcNow();
        var article = await reader.ReadAsync(message.Body, cancellationToken);
        return await locks.RunAsync(article.Key, () => ProcessAsync(article, message, arrivedAt, cancellationToken), cancellationToken);
    }

    /// <summary>Writes a failed result for an article of the poison queue, if the last attempt wrote none because its process ended.</summary>
    public async Task<WriteOutcome> RecordFailureAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var article = await reader.ReadAsync(message.Body, cancellationToken);
        log.LogError("Article {ArticleId} of the classifier {Classifier} failed on every attempt", article.Message.Id, article.Classifier);

        // An existing result stays, and its rows are repaired if they were lost in a crash of the last attempt.
        // The host moves only the text of a message: the time that the article was enqueued is lost, and the poison queue has another one.
        var status = article.Reason is null ? ClassificationStatus.Failed : ClassificationStatus.Rejected;
        var reason = article.Reason ?? "All attempts failed; the log has the errors. Send the article again to retry it.";
        return await results.WriteAsync(article.ToResult(status, insertedOn: null, time.GetUtcNow(), reason), cancellationToken);
    }

    private async Task<WriteOutcome> ProcessAsync(ParsedArticle article, QueueMessage message, DateTimeOffset arrivedAt, CancellationToken cancellationToken)
    {
        var insertedOn = message.InsertedOn ?? arrivedAt;
        if (article.Reason is { } reason)
        {
            return await RejectAsync(article, insertedOn, reason, cancellationToken);
        }

        if (await results.TryReuseExistingAsync(article.Classifier, article.Message.Id, article.TextHash, insertedOn, cancellationToken) is { } existing)
        {
            // The previous attempt may have ended between its result and this.
            await WithdrawOutdatedAsync(article, existing, cancellationToken);
            log.LogDebug("Article {ArticleId} needs no forward pass: {Outcome}", article.Message.Id, existing);
            return existing;
        }

        try
        {
            var prediction = await classifier.ClassifyAsync(article.Classifier, article.Text, cancellationToken);
            return await StoreAsync(article, ToResult(article, prediction, insertedOn, arrivedAt), cancellationToken);
        }
        catch (UnknownClassifierException exception)
        {
            return await RejectAsync(article, insertedOn, exception.Message, cancellationToken);
        }
        catch (Exception exception) when (message.DequeueCount >= ArticleLimits.Attempts && !cancellationToken.IsCancellationRequested)
        {
            var failure = $"The last of {ArticleLimits.Attempts} attempts failed: {exception.Message} Send the article again to retry it.";
            await results.WriteAsync(article.ToResult(ClassificationStatus.Failed, insertedOn, time.GetUtcNow(), failure), cancellationToken);
            throw;
        }
    }

    private async Task<WriteOutcome> RejectAsync(ParsedArticle article, DateTimeOffset insertedOn, string reason, CancellationToken cancellationToken)
    {
        log.LogWarning("Article {ArticleId} was rejected: {Reason}", article.Message.Id, reason);
        return await results.WriteAsync(article.ToResult(ClassificationStatus.Rejected, insertedOn, time.GetUtcNow(), reason), cancellationToken);
    }

    private ClassificationResult ToResult(ParsedArticle article, Prediction prediction, DateTimeOffset insertedOn, DateTimeOffset arrivedAt) =>
        article.ToResult(ClassificationStatus.Classified, insertedOn, time.GetUtcNow()) with
        {
            Label = prediction.Label,
            Score = prediction.Score,
            Probabilities = prediction.Probabilities,
            ModelVersion = prediction.ModelVersion,
            Tokens = prediction.Tokens,
            Truncated = prediction.Truncated,
            Review = options.NeedsReview(article.Classifier, prediction.Score),
            QueueMilliseconds = Math.Max(0, (arrivedAt - insertedOn).TotalMilliseconds),
            WaitMilliseconds = prediction.WaitMilliseconds,
            ForwardMilliseconds = prediction.ForwardMilliseconds,
        };

    private async Task<WriteOutcome> StoreAsync(ParsedArticle article, ClassificationResult result, CancellationToken cancellationToken)
    {
        // Before the result: after a crash in between, the article is queued for review twice, which is better than not at all.
        if (result.Review)
        {
            await reviews.EnqueueAsync(result.ToReviewCandidate(article.Message), cancellationToken);
            await sender.SendForReviewAsync(article.Message, result, cancellationToken);
        }

        var outcome = await results.WriteAsync(result, cancellationToken);
        await WithdrawOutdatedAsync(article, outcome, cancellationToken);
        log.LogInformation(
            "Article {ArticleId} of {Classifier} is {Label} ({Score:0.000}) by {ModelVersion}, {Milliseconds:0} ms after it arrived: {Outcome}",
            result.Id, result.Classifier, result.Label, result.Score, result.ModelVersion, result.WaitMilliseconds + result.ForwardMilliseconds, outcome);
        return outcome;
    }

    /// <summary>Deletes review entries of superseded texts.</summary>
    private async Task WithdrawOutdatedAsync(ParsedArticle article, WriteOutcome outcome, CancellationToken cancellationToken)
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
}
