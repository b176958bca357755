using System.Text;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Sends articles to the queues <c>articles</c> and <c>articles-review</c>.</summary>
public sealed class ArticleSender(StorageClients storage, ArticleBlobStore texts)
{
    /// <summary>Sends an article to the queue <c>articles</c>. A text too long for a message is stored as a blob, and the message has its name.</summary>
    public Task SendAsync(ArticleMessage article, CancellationToken cancellationToken) =>
        SendAsync(StorageNames.ArticlesQueue, article, message => message.ToJson(), cancellationToken);

    /// <summary>Sends an article to the queue <c>articles-review</c>, for a person to label, with the label and score of the model.</summary>
    public Task SendForReviewAsync(ArticleMessage article, ClassificationResult result, CancellationToken cancellationToken) =>
        SendAsync(
            StorageNames.ArticlesReviewQueue,
            article,
            message => JsonSerializer.Serialize(
                new { result.Id, message.Text, message.Blob, result.Classifier, result.Title, result.Source, result.Label, result.Score, result.ModelVersion },
                StorageJson.Options),
            cancellationToken);

    private async Task SendAsync(string queue, ArticleMessage article, Func<ArticleMessage, string> serialize, CancellationToken cancellationToken)
    {
        var body = serialize(article);
        if (article.Text is not null && Encoding.UTF8.GetByteCount(body) > ArticleLimits.MessageBytes)
        {
            body = serialize(article with { Text = null, Blob = await texts.StoreAsync(article.Id, article.Text, cancellationToken) });
        }

        await storage.Queue(queue).SendMessageAsync(body, cancellationToken);
    }
}
