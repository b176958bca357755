using System.Text;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Sends articles to the queues <c>articles</c> and <c>articles-review</c>.</summary>
public sealed class ArticleSender(StorageClients storage, ArticleBlobStore texts)
{
    // The service deletes a message after 7 days otherwise, for example of an app that is stopped.
    private static readonly TimeSpan NoExpiry = TimeSpan.FromSeconds(-1);

    /// <summary>Sends an article to the queue <c>articles</c>. A text too long for a message is stored as a blob, and the message has its name.</summary>
    public Task SendAsync(ArticleMessage article, CancellationToken cancellationToken) => SendAsync(article, TimeSpan.Zero, cancellationToken);

    /// <inheritdoc cref="SendAsync(ArticleMessage, CancellationToken)"/>
    /// <param name="article">The article.</param>
    /// <param name="delay">The time until the message becomes visible.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task SendAsync(ArticleMessage article, TimeSpan delay, CancellationToken cancellationToken) =>
        SendAsync(StorageNames.ArticlesQueue, article, message => message.ToJson(), delay, NoExpiry, cancellationToken);

    /// <summary>Sends an article to the queue <c>articles-review</c>, for a person to label, with the label and score of the model.</summary>
    internal Task SendForReviewAsync(ArticleMessage article, ClassificationResult result, CancellationToken cancellationToken)
    {
        // They are shown to a person beside the text; the longest that are accepted would not fit into a message.
        var title = result.Title.Truncate(ArticleLimits.MessageTitleCharacters);
        var source = result.Source.Truncate(ArticleLimits.MessageTitleCharacters);
        return SendAsync(
            StorageNames.ArticlesReviewQueue,
            article,
            message => JsonSerializer.Serialize(
                new
                {
                    result.Id,
                    message.Text,
                    message.Blob,
                    result.Classifier,
                    Title = title,
                    Source = source,
                    result.Label,
                    result.Score,
                    result.ModelVersion,
                },
                StorageJson.Options),
            delay: null,
            timeToLive: null,
            cancellationToken);
    }

    private async Task SendAsync(
        string queue,
        ArticleMessage article,
        Func<ArticleMessage, string> serialize,
        TimeSpan? delay,
        TimeSpan? timeToLive,
        CancellationToken cancellationToken)
    {
        var body = serialize(article);
        if (article.Text is not null && Encoding.UTF8.GetByteCount(body) > ArticleLimits.MessageBytes)
        {
            body = serialize(article with { Text = null, Blob = await texts.StoreAsync(article.Id, article.Text, cancellationToken) });
        }

        await storage.Queue(queue).SendMessageAsync(body, delay, timeToLive, cancellationToken);
    }
}
