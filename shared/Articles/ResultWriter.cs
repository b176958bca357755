using System.Text;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Stores results and, if the settings say so, sends them to the queue <c>articles-results</c>.</summary>
/// <remarks>
/// A result is sent after its blob and rows are written, at least once: an earlier delivery of the message may have ended in between, so a
/// later one sends the result again. Receivers recognise doubles by <c>id</c> and <c>textHash</c>.
/// </remarks>
public sealed class ResultWriter(ResultStore store, StorageClients storage, ClassifierOptions options)
{
    /// <summary>Checks, before a forward pass, whether the stored result is final for an article.</summary>
    /// <returns><see cref="WriteOutcome.Duplicate"/> or <see cref="WriteOutcome.Stale"/>; null if the article needs a forward pass.</returns>
    internal async Task<WriteOutcome?> TryReuseExistingAsync(ReceivedArticle article, CancellationToken cancellationToken)
    {
        var outcome = await store.TryReuseExistingAsync(
            article.Classifier, article.Message.Id, article.TextHash, article.EnqueuedAt, cancellationToken);
        if (outcome == WriteOutcome.Duplicate && article.IsRedelivery)
        {
            await SendStoredAsync(article, cancellationToken);
        }

        return outcome;
    }

    /// <summary>Writes a result, unless the stored one is final for the same text or newer; see <see cref="WriteOutcome"/>.</summary>
    internal async Task<WriteOutcome> WriteAsync(ReceivedArticle article, ClassificationResult result, CancellationToken cancellationToken)
    {
        var outcome = await store.WriteAsync(result, cancellationToken);
        if (outcome is WriteOutcome.Created or WriteOutcome.Replaced)
        {
            await SendAsync(result with { Replaced = outcome == WriteOutcome.Replaced }, cancellationToken);
        }
        else if (outcome == WriteOutcome.Duplicate && article.IsRedelivery)
        {
            await SendStoredAsync(article, cancellationToken);
        }

        return outcome;
    }

    private async Task SendStoredAsync(ReceivedArticle article, CancellationToken cancellationToken)
    {
        if (options.ResultsQueue && await store.FindAsync(article.Classifier, article.Message.Id, cancellationToken) is { } stored)
        {
            await SendAsync(stored, cancellationToken);
        }
    }

    private async Task SendAsync(ClassificationResult result, CancellationToken cancellationToken)
    {
        if (options.ResultsQueue)
        {
            var json = result.ToJson();
            var body = Encoding.UTF8.GetByteCount(json) <= ArticleLimits.MessageBytes ? json : Shorten(result).ToJson();
            await storage.Queue(StorageNames.ArticlesResultsQueue).SendMessageAsync(body, cancellationToken);
        }
    }

    /// <summary>A result that fits into a message. The blob has all of it.</summary>
    private static ClassificationResult Shorten(ClassificationResult result) => result with
    {
        Title = result.Title.Truncate(ArticleLimits.MessageTitleCharacters),
        Source = result.Source.Truncate(ArticleLimits.MessageTitleCharacters),
        Reason = result.Reason.Truncate(ArticleLimits.MessageTitleCharacters),
        Probabilities = null,
    };
}
