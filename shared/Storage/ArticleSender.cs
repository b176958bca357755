using System.Text;

namespace Serverless.Storage;

/// <summary>The sender's side of the queue <c>articles</c>.</summary>
public sealed class ArticleSender(StorageClients storage, ArticleTexts texts)
{
    /// <summary>Sends an article; one that is too long for a message is first stored as a blob, which the message then names.</summary>
    public async Task SendAsync(ArticleMessage article, CancellationToken cancellationToken)
    {
        var body = article.ToJson();
        if (article.Text is not null && Encoding.UTF8.GetByteCount(body) > ArticleLimits.MessageBytes)
        {
            var blob = $"{Sha256Hex.OfText(article.Id)}/{Sha256Hex.OfText(article.Text)}.txt";
            await texts.WriteAsync(blob, article.Text, cancellationToken);
            body = (article with { Text = null, Blob = blob }).ToJson();
        }

        await storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync(body, cancellationToken);
    }
}
