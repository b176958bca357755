using Azure;
using Azure.Storage.Blobs;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>The container <c>failed</c>: articles that failed on every attempt, with their text, until they are sent again.</summary>
public sealed class FailedArticleStore(StorageClients storage, ArticleSender sender)
{
    private const int ReplaysAtOnce = 16;

    private readonly BlobContainerClient container = storage.Container(StorageNames.FailedContainer);

    public async Task WriteAsync(FailedArticle failed, CancellationToken cancellationToken) =>
        await Blob(failed.Classifier, failed.Article)
            .UploadAsync(BinaryData.FromObjectAsJson(failed, StorageJson.Options), overwrite: true, cancellationToken);

    /// <returns>Null if the article is not there.</returns>
    public async Task<FailedArticle?> FindAsync(string classifier, ArticleMessage article, CancellationToken cancellationToken) =>
        await ReadAsync(Blob(classifier, article), cancellationToken);

    public async Task RemoveAsync(string classifier, ArticleMessage article, CancellationToken cancellationToken) =>
        await Blob(classifier, article).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    /// <summary>The failed articles of a classifier, by the hash of their ids.</summary>
    /// <exception cref="BadContinuationException">The continuation is not from this list.</exception>
    public async Task<ListPage<FailedArticle>> ListAsync(string classifier, int limit, string? continuation, CancellationToken cancellationToken)
    {
        var page = await BlobPaging.ReadAsync(container, StorageNames.FailedFolder(classifier), limit, continuation, cancellationToken);
        var articles = await Task.WhenAll(page.Items.Select(blob => ReadAsync(container.GetBlobClient(blob.Name), cancellationToken)));
        return new ListPage<FailedArticle>([.. articles.OfType<FailedArticle>()], page.Continuation);
    }

    /// <summary>Sends failed articles to the queue again and removes them from the container.</summary>
    /// <remarks>A result of a newer text still wins: the message carries the time at which the article was first enqueued.</remarks>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="limit">The maximum number of articles.</param>
    /// <param name="cancellationToken">Cancels the call. Articles that were not sent stay.</param>
    public async Task<Replay> ReplayAsync(string classifier, int limit, CancellationToken cancellationToken)
    {
        var page = await BlobPaging.ReadAsync(container, StorageNames.FailedFolder(classifier), limit, continuation: null, cancellationToken);
        var options = new ParallelOptions { MaxDegreeOfParallelism = ReplaysAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(page.Items, options, async (blob, token) => await ReplayAsync(container.GetBlobClient(blob.Name), token));
        return new Replay(classifier, page.Items.Count, page.Continuation is not null);
    }

    private static async Task<FailedArticle?> ReadAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            var content = await blob.DownloadContentAsync(cancellationToken);
            return content.Value.Content.ToObjectFromJson<FailedArticle>(StorageJson.Options);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private async Task ReplayAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        if (await ReadAsync(blob, cancellationToken) is { } failed)
        {
            // Deleted last: after a crash in between the article is sent twice, and its second message changes nothing.
            var since = failed.EnqueuedAt ?? failed.FailedAt;
            await sender.SendAsync(failed.Article with { Deferred = new Deferral(since, Times: 0) }, TimeSpan.Zero, cancellationToken);
            await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken);
        }
    }

    private BlobClient Blob(string classifier, ArticleMessage article) =>
        container.GetBlobClient(StorageNames.FailedBlob(classifier, Sha256Hex.HashText(article.Id), Sha256Hex.HashText(article.Blob ?? article.Text ?? "")));
}
