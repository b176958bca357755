using Azure;
using Azure.Storage.Blobs;
using Serverless.Articles;

namespace Serverless.Storage;

/// <summary>The container <c>articles</c>: texts that are too long for a queue message (the claim check).</summary>
public sealed class ArticleBlobStore(StorageClients storage)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ArticlesContainer);

    /// <summary>Reads a text. A missing, over-long or undecodable blob is a permanent fault and comes back as a reason; storage errors are thrown.</summary>
    public async Task<ArticleText> ReadAsync(string blob, CancellationToken cancellationToken)
    {
        var client = container.GetBlobClient(blob);
        try
        {
            var properties = await client.GetPropertiesAsync(cancellationToken: cancellationToken);
            if (properties.Value.ContentLength > ArticleLimits.TextBytes)
            {
                return ArticleText.Rejected($"The blob '{blob}' has {properties.Value.ContentLength:N0} bytes; at most {ArticleLimits.TextBytes:N0} (1 MB) are accepted.");
            }

            var content = await client.DownloadContentAsync(cancellationToken);
            if (!StrictUtf8.TryDecode(content.Value.Content, out var text, out var invalidByte))
            {
                return ArticleText.Rejected($"The blob '{blob}' is not UTF-8 (byte {invalidByte:N0}).");
            }

            text = text.TrimStart('\uFEFF');
            return ArticleLimits.Reject(text) is { } reason ? ArticleText.Rejected(reason) : new ArticleText(text, null);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return ArticleText.Rejected($"There is no blob '{blob}' in the container '{StorageNames.ArticlesContainer}'.");
        }
    }

    /// <summary>Stores the text of an article as a blob.</summary>
    /// <returns>The article with the name of the blob in the place of its text.</returns>
    public async Task<ArticleMessage> CheckInAsync(ArticleMessage article, CancellationToken cancellationToken)
    {
        var blob = $"{Sha256Hex.OfText(article.Id)}/{Sha256Hex.OfText(article.Text!)}.txt";
        await WriteAsync(blob, article.Text!, cancellationToken);
        return article with { Text = null, Blob = blob };
    }

    public async Task WriteAsync(string blob, string text, CancellationToken cancellationToken) =>
        await container.GetBlobClient(blob).UploadAsync(BinaryData.FromString(text), overwrite: true, cancellationToken);
}

/// <summary>A text, or why there is none.</summary>
public sealed record ArticleText(string? Text, string? Reason)
{
    public static ArticleText Rejected(string reason) => new(null, reason);
}
