using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.Local.Demo;

/// <summary>Sends sample articles to the queue and waits for their results.</summary>
internal sealed class ArticleQueue(StorageClients storage, string runId)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly ArticleSender sender = new(storage, new ArticleBlobStore(storage));
    private readonly ResultStore results = new(storage);

    /// <param name="articles">The articles to send.</param>
    /// <param name="classifier">The classifier.</param>
    /// <param name="shown">Called for each result, in the order of the articles.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async Task ClassifyAsync(
        IReadOnlyList<SampleArticle> articles, string classifier, Action<SampleArticle, ClassificationResult> shown, CancellationToken cancellationToken)
    {
        var messages = articles.Select(article => article.ToMessage(runId, classifier)).ToList();
        await Task.WhenAll(messages.Select(message => sender.SendAsync(message, cancellationToken)));
        foreach (var (article, message) in articles.Zip(messages))
        {
            shown(article, await WaitAsync(classifier, message.Id, cancellationToken));
        }
    }

    private async Task<ClassificationResult> WaitAsync(string classifier, string id, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Timeout)
        {
            if (await results.FindAsync(classifier, id, cancellationToken) is { } result)
            {
                return result;
            }

            await Task.Delay(50, cancellationToken);
        }

        throw new LocalSystemException($"The article {id} has no result after {Timeout.TotalMinutes:0} minutes: see the log of the functions.");
    }
}
