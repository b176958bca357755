using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Reviews;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>
/// From a message of the queue <c>articles</c> to a result. What a sender did wrong becomes a rejected result, since trying
/// again would not help; what went wrong here is thrown, so that the queue delivers the message again.
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
    private readonly AsyncKeyedLock<(string Classifier, string Id)> oneAtATime = new();

    /// <summary>Classifies the article of a message, unless it has a final result already.</summary>
    public async Task<WriteOutcome> ProcessAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var arrivedAt = time.GetUtcNow();
        var article = await reader.ReadAsync(message.Body, cancellationToken);
        return await oneAtATime.RunAsync(article.Key, () => ProcessAsync(article, message, arrivedAt, cancellationToken), cancellationToken);
    }

    /// <summary>Sees to it that an article of the poison queue has a result: the last attempt's, unless the process died in all of them.</summary>
    public async Task<WriteOutcome> RecordFailureAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var article = await reader.ReadAsync(message.Body, cancellationToken);
        log.LogError("Article {ArticleId} of the classifier {Classifier} failed on every attempt", article.Message.Id, article.Classifier);

        // A result that is there stays, and gets the rows that a crash in the last attempt left out.
        // The host moved the message's text only: the time in the poison queue is not the article's, which is lost.
        var failed = article.Reason is { } reason
            ? article.Result(ClassificationStatus.Rejected, insertedOn: null, time.GetUtcNow(), reason)
            : article.Result(
                ClassificationStatus.Failed, insertedOn: null, time.GetUtcNow(), "No attempt at this article came to an end; the log says more. Send it again to have it tried again.");
        return await results.WriteAsync(failed, cancellationToken);
    }

    private async Task<WriteOutcome> ProcessAsync(ParsedArticle article, QueueMessage message, DateTimeOffset arrivedAt, CancellationToken cancellationToken)
    {
        var insertedOn = message.InsertedOn ?? arrivedAt;
        if (article.Reason is { } reason)
        {
            return await RejectAsync(article, insertedOn, reason, cancellationToken);
        }

        if (await results.TryReuseExistingAsync(article.Classifier, article.Message.Id, article.TextHash, insertedOn, cancellationToken) is { } settled)
        {
            // The attempt before may have ended between its result and this.
            await WithdrawOutdatedAsync(article, settled, cancellationToken);
            log.LogDebug("Article {ArticleId} needs no forward pass: {Outcome}", article.Message.Id, settled);
            return settled;
        }

        try
        {
            var answer = await classifier.ClassifyAsync(article.Classifier, article.Text, cancellationToken);
            return await KeepAsync(article, Result(article, answer, insertedOn, arrivedAt), cancellationToken);
        }
        catch (UnknownClassifierException exception)
        {
            return await RejectAsync(article, insertedOn, exception.Message, cancellationToken);
        }
        catch (Exception exception) when (message.DequeueCount >= ArticleLimits.Attempts && !cancellationToken.IsCancellationRequested)
        {
            var failure = $"The last of {ArticleLimits.Attempts} attempts failed: {exception.Message} Send the article again to have it tried again.";
            await results.WriteAsync(article.Result(ClassificationStatus.Failed, insertedOn, time.GetUtcNow(), failure), cancellationToken);
            throw;
        }
    }

    private async Task<WriteOutcome> RejectAsync(ParsedArticle article, DateTimeOffset insertedOn, string reason, CancellationToken cancellationToken)
    {
        log.LogWarning("Article {ArticleId} was rejected: {Reason}", article.Message.Id, reason);
        return await results.WriteAsync(article.Result(ClassificationStatus.Rejected, insertedOn, time.GetUtcNow(), reason), cancellationToken);
    }

    private ClassificationResult Result(ParsedArticle article, Prediction answer, DateTimeOffset insertedOn, DateTimeOffset arrivedAt) =>
        article.Result(ClassificationStatus.Classified, insertedOn, time.GetUtcNow()) with
        {
            Label = answer.Label,
            Score = answer.Score,
            Probabilities = answer.Probabilities,
            ModelVersion = answer.ModelVersion,
            Tokens = answer.Tokens,
            Truncated = answer.Truncated,
            Review = options.NeedsReview(article.Classifier, answer.Score),
            QueueMilliseconds = Math.Max(0, (arrivedAt - insertedOn).TotalMilliseconds),
            WaitMilliseconds = answer.WaitMilliseconds,
            ForwardMilliseconds = answer.ForwardMilliseconds,
        };

    private async Task<WriteOutcome> KeepAsync(ParsedArticle article, ClassificationResult result, CancellationToken cancellationToken)
    {
        // Before the result: after a crash in between the article is asked for twice, which beats never.
        if (result.Review)
        {
            await reviews.AskAsync(article.Message, result, cancellationToken);
            await sender.SendForReviewAsync(article.Message, result, cancellationToken);
        }

        var outcome = await results.WriteAsync(result, cancellationToken);
        await WithdrawOutdatedAsync(article, outcome, cancellationToken);
        log.LogInformation(
            "Article {ArticleId} of {Classifier} is {Label} ({Score:0.000}) by {ModelVersion}, {Milliseconds:0} ms after it arrived: {Outcome}",
            result.Id, result.Classifier, result.Label, result.Score, result.ModelVersion, result.WaitMilliseconds + result.ForwardMilliseconds, outcome);
        return outcome;
    }

    /// <summary>Nobody is to be asked about a text that the article no longer has.</summary>
    private async Task WithdrawOutdatedAsync(ParsedArticle article, WriteOutcome outcome, CancellationToken cancellationToken)
    {
        if (outcome == WriteOutcome.Stale)
        {
            await reviews.WithdrawAsync(article.Classifier, article.Message.Id, article.TextHash, cancellationToken);
        }
        else if (outcome != WriteOutcome.Created && await results.FindAsync(article.Classifier, article.Message.Id, cancellationToken) is { } standing)
        {
            await reviews.WithdrawEarlierAsync(standing, cancellationToken);
        }
    }
}
