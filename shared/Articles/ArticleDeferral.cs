using Microsoft.Extensions.Logging;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Puts off articles that cannot be classified at present through no fault of their own.</summary>
/// <remarks>
/// The article is sent again as a message that becomes visible later, and the delivered message is completed. So the queue counts no attempt:
/// five failed attempts move a message to the poison queue, and an outage of a few minutes would empty a whole backlog into it.
/// </remarks>
public sealed class ArticleDeferral(ArticleSender sender, ClassifierOptions options, TimeProvider time, ILogger<ArticleDeferral> log)
{
    private const int MaxDoublings = 10;

    private static readonly TimeSpan MinDelay = TimeSpan.FromSeconds(5);

    // After a repair the last article of a backlog waits this long.
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(2);

    /// <summary>The delay before the next delivery: doubles with each time, from 5 seconds up to 2 minutes.</summary>
    /// <param name="times">How often the message was put off before.</param>
    public static TimeSpan Delay(int times)
    {
        var delay = MinDelay * Math.Pow(2, Math.Clamp(times, 0, MaxDoublings));
        return delay < MaxDelay ? delay : MaxDelay;
    }

    /// <summary>Whether an article that met this error should be put off. A rejection is not: its message cannot be sent again as it was.</summary>
    public bool Applies(ReceivedArticle article, Exception exception) => article.Rejection is null && exception switch
    {
        ModelNotReadyException => true,
        UnknownClassifierException => time.GetUtcNow() - article.EnqueuedAt < options.FirstVersionWait,
        OperationCanceledException or IOException or HttpRequestException or TimeoutException => true,
        _ => StorageErrors.IsStorageError(exception) && !StorageErrors.IsRejectedContent(exception),
    };

    /// <summary>Sends the article again with a delay. When it returns, the delivered message can be deleted.</summary>
    public async Task DeferAsync(ReceivedArticle article, Exception cause, CancellationToken cancellationToken)
    {
        var times = article.Message.Deferred?.Times ?? 0;
        var delay = Delay(times);
        var later = article.Message with { Deferred = new Deferral(article.EnqueuedAt, times + 1) };
        await sender.SendAsync(later, delay, cancellationToken);
        log.LogInformation(
            "Article {ArticleId} of {Classifier} is put off for {Seconds} s: {Reason}",
            article.Message.Id, article.Classifier, delay.TotalSeconds, StorageErrors.Describe(cause));
    }
}
