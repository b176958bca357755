using Azure;
using Azure.Storage.Blobs;

namespace Serverless.Storage;

/// <summary>The container <c>articles</c>: texts that are too long for a queue message (claim check pattern).</summary>
public sealed class ArticleBlobStore(StorageClients storage)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ArticlesContainer);

    /// <summary>Reads a text.</summary>
    /// <returns>The text, or the reason why the blob cannot be used: it is missing, too long or not UTF-8.</returns>
    /// <exception cref="RequestFailedException">Storage failed; a later attempt may succeed.</exception>
    public async Task<ArticleText> ReadAsync(string blob, CancellationToken cancellationToken)
    {
        var client = container.GetBlobClient(blob);
        try
        {
            var properties = await client.GetPropertiesAsync(cancellationToken: cancellationToken);
            if (properties.Value.ContentLength > ArticleLimits.TextBytes)
            {
                return ArticleText.Rejected(
                    $"The blob '{blob}' has {properties.Value.ContentLength:N0} bytes; at most {ArticleLimits.TextBytes:N0} (1 MB) are accepted.");
            }

            var content = await client.DownloadContentAsync(cancellationToken);
            if (!StrictUtf8.TryDecode(content.Value.Content, out var text, out var invalidByte))
            {
                return ArticleText.Rejected($"The blob '{blob}' is {StrictUtf8.Describe(content.Value.Content, invalidByte)}.");
            }

            text = text.TrimStart('\uFEFF');
            return ArticleLimits.IsValid(text, out var reason) ? new ArticleText(text, null) : ArticleText.Rejected(reason);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return ArticleText.Rejected($"There is no blob '{blob}' in the container '{StorageNames.ArticlesContainer}'.");
        }
    }

    /// <summary>Stores the text of an article.</summary>
    /// <returns>The name of the blob, made of the hashes of id and text.</returns>
    public async Task<string> StoreAsync(string articleId, string text, CancellationToken cancellationToken)
    {
        var blob = $"{Sha256Hex.HashText(articleId)}/{Sha256Hex.HashText(text)}.txt";
        await WriteAsync(blob, text, cancellationToken);
        return blob;
    }

    public async Task DeleteAsync(string blob, CancellationToken cancellationToken) =>
        await container.GetBlobClient(blob).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    public async Task WriteAsync(string blob, string text, CancellationToken cancellationToken) =>
        await container.GetBlobClient(blob).UploadAsync(BinaryData.FromString(text), overwrite: true, cancellationToken);
}
