using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Articles that fail on every attempt: they get a failed result, and their text is kept until they are sent again.</summary>
/// <remarks>
/// The host counts the attempts (host.json: <c>maxDequeueCount</c>, here <see cref="ArticleLimits.Attempts"/>) and then moves the message to the
/// queue <c>articles-poison</c>. It moves the text only: the time at which the article was enqueued is lost, so the last attempt stores it before
/// it begins, since the process may end in it.
/// </remarks>
public sealed class ArticleFailures(
    ArticleMessageReader reader,
    FailedArticleStore store,
    ResultStore results,
    ResultWriter writer,
    ArticleDeferral deferral,
    TimeProvider time,
    ILogger<ArticleFailures> log)
{
    private const string ProcessEnded = "The process ended in the last attempt.";
    private const string Advice = "It is kept and can be replayed.";

    /// <summary>Stores the article before its last attempt.</summary>
    internal Task KeepAsync(ReceivedArticle article, CancellationToken cancellationToken) =>
        store.WriteAsync(ToFailed(article, ProcessEnded, article.EnqueuedAt), cancellationToken);

    /// <summary>Removes the article after its last attempt has succeeded, or after it was put off.</summary>
    internal Task RemoveAsync(ReceivedArticle article, CancellationToken cancellationToken) =>
        store.RemoveAsync(article.Classifier, article.Message, cancellationToken);

    /// <summary>Writes a failed result after the last attempt.</summary>
    internal async Task RecordAsync(ReceivedArticle article, Exception exception, CancellationToken cancellationToken)
    {
        var reason = $"The last of {ArticleLimits.Attempts} attempts failed: {StorageErrors.Describe(exception)} {Advice}";
        await store.WriteAsync(ToFailed(article, StorageErrors.Describe(exception), article.EnqueuedAt), cancellationToken);
        await writer.WriteAsync(article, article.ToResult(ClassificationStatus.Failed, article.EnqueuedAt, time.GetUtcNow(), reason), cancellationToken);
    }

    /// <summary>Writes a failed result for an article of the poison queue, if the last attempt wrote none because its process ended.</summary>
    /// <returns>The outcome of the write; null if the article was sent to the queue <c>articles</c> again, because storage failed.</returns>
    public async Task<WriteOutcome?> RecordPoisonAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var article = reader.Parse(message) with { IsFromPoisonQueue = true };
        try
        {
            return await RecordPoisonAsync(article, cancellationToken);
        }
        catch (Exception exception) when (deferral.Applies(article, exception))
        {
            // Five errors here would move it to a queue that no function reads.
            await deferral.DeferAsync(article, exception, cancellationToken);
            return null;
        }
    }

    private async Task<WriteOutcome> RecordPoisonAsync(ReceivedArticle received, CancellationToken cancellationToken)
    {
        log.LogError("Article {ArticleId} of the classifier {Classifier} failed on every attempt", received.Message.Id, received.Classifier);
        var article = await reader.ReadTextAsync(received, cancellationToken);
        if (article.Rejection is { } rejection)
        {
            var rejected = article.ToResult(ClassificationStatus.Rejected, insertedOn: null, time.GetUtcNow(), rejection);
            return await writer.WriteAsync(article, rejected, cancellationToken);
        }

        var kept = await store.FindAsync(article.Classifier, article.Message, cancellationToken);
        var enqueuedAt = kept?.EnqueuedAt ?? article.Message.Deferred?.Since;
        if (kept is null)
        {
            await store.WriteAsync(ToFailed(article, ProcessEnded, enqueuedAt), cancellationToken);
        }

        // An existing result stays, and its rows are repaired if they were lost in a crash of the last attempt.
        var reason = $"All {ArticleLimits.Attempts} attempts failed; the log has the errors. {Advice}";
        var failed = article.ToResult(ClassificationStatus.Failed, enqueuedAt, time.GetUtcNow(), reason);
        var outcome = await writer.WriteAsync(article, failed, cancellationToken);
        if (outcome == WriteOutcome.Duplicate
            && await results.FindAsync(article.Classifier, article.Message.Id, cancellationToken) is { Status: ClassificationStatus.Classified })
        {
            await store.RemoveAsync(article.Classifier, article.Message, cancellationToken);
        }

        return outcome;
    }

    private FailedArticle ToFailed(ReceivedArticle article, string reason, DateTimeOffset? enqueuedAt) =>
        new(article.Message with { Deferred = null }, article.Classifier, reason, enqueuedAt, time.GetUtcNow());
}
