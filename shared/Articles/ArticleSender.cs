using System.Text;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>The sender's side of the article queues.</summary>
public sealed class ArticleSender(StorageClients storage, ArticleBlobStore texts)
{
    /// <summary>Puts an article on the queue <c>articles</c>; a text too long for a message is first stored as a blob, which the message then names.</summary>
    public Task SendAsync(ArticleMessage article, CancellationToken cancellationToken) =>
        SendAsync(StorageNames.ArticlesQueue, article, text => text.ToJson(), cancellationToken);

    /// <summary>Puts an article on the queue <c>articles-review</c>, for a person to label, with what the model made of it.</summary>
    public Task SendForReviewAsync(ArticleMessage article, ClassificationResult answer, CancellationToken cancellationToken) =>
        SendAsync(
            StorageNames.ArticlesReviewQueue,
            article,
            text => JsonSerializer.Serialize(
                new { answer.Id, text.Text, text.Blob, answer.Classifier, answer.Title, answer.Source, answer.Label, answer.Score, answer.ModelVersion },
                StorageJson.Options),
            cancellationToken);

    private async Task SendAsync(string queue, ArticleMessage article, Func<ArticleMessage, string> write, CancellationToken cancellationToken)
    {
        var body = write(article);
        if (article.Text is not null && Encoding.UTF8.GetByteCount(body) > ArticleLimits.MessageBytes)
        {
            body = write(await texts.CheckInAsync(article, cancellationToken));
        }

        await storage.Queue(queue).SendMessageAsync(body, cancellationToken);
    }
}
