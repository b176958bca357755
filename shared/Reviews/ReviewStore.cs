using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>The table <c>reviews</c>: articles that the model was unsure of, and the labels that people gave them.</summary>
/// <remarks>One row for each text of an article. When an article is sent again with another text, the rows of its earlier texts no longer wait.</remarks>
public sealed class ReviewStore(StorageClients storage, ArticleBlobStore texts, TimeProvider time)
{
    private readonly TableClient table = storage.Table(StorageNames.ReviewsTable);

    /// <summary>Adds an article to those that wait for a label. Does nothing if its text was added before, labelled or not.</summary>
    public async Task EnqueueAsync(ReviewCandidate article, CancellationToken cancellationToken)
    {
        try
        {
            await table.AddEntityAsync(ReviewTable.ToRow(await MoveLongTextAsync(article, cancellationToken)), cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            // The row exists, and its label with it.
        }
    }

    /// <summary>Removes the entry of one text of an article, unless it is labelled.</summary>
    public Task RemoveAsync(string classifier, string articleId, string textHash, CancellationToken cancellationToken)
    {
        var outdated = StorageNames.ReviewRow(Sha256Hex.HashText(articleId), textHash);
        return RemoveAsync(classifier, articleId, row => row.RowKey == outdated, cancellationToken);
    }

    /// <summary>Removes the entries of an article's earlier texts, unless they are labelled.</summary>
    /// <param name="classifier">The classifier.</param>
    /// <param name="articleId">The article.</param>
    /// <param name="textHash">The hash of its present text.</param>
    /// <param name="completedAt">When its present text was classified. A later entry belongs to a result that is still to be written, and stays.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task RemoveEarlierAsync(
        string classifier, string articleId, string textHash, DateTimeOffset completedAt, CancellationToken cancellationToken)
    {
        var current = StorageNames.ReviewRow(Sha256Hex.HashText(articleId), textHash);
        return RemoveAsync(classifier, articleId, row => row.RowKey != current && ReviewTable.GetTime(row) <= completedAt, cancellationToken);
    }

    /// <summary>Articles that wait for a label, in no particular order.</summary>
    /// <exception cref="BadContinuationException">The continuation does not come from this list.</exception>
    public async Task<ListPage<ReviewEntry>> ListAsync(string classifier, int limit, string? continuation, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {classifier} and State eq {ReviewTable.Waiting}");
        var page = await TablePaging.ReadAsync(table, filter, limit, continuation, cancellationToken);
        var entries = await Task.WhenAll(page.Items.Select(async row => ReviewTable.ToEntry(row, await ReadTextAsync(row, cancellationToken) ?? "")));
        return new ListPage<ReviewEntry>(entries, page.Continuation);
    }

    /// <summary>Stores the label that a person gives to an article. Replaces an earlier label.</summary>
    /// <returns>Null if the article is not in the table.</returns>
    public async Task<LabelOutcome?> LabelAsync(string classifier, string articleId, string label, CancellationToken cancellationToken)
    {
        // A row that waits is preferred to those that are labelled, and a later row to an earlier one.
        var rows = await FindAsync(classifier, articleId, cancellationToken);
        if (rows.OrderBy(ReviewTable.IsWaiting).ThenBy(ReviewTable.GetTime).LastOrDefault() is not { } row)
        {
            return null;
        }

        IReadOnlyList<string> acceptedLabels = [.. ReviewTable.GetProbabilities(row).Keys];
        if (!acceptedLabels.Contains(label))
        {
            return new LabelOutcome(null, acceptedLabels);
        }

        var accepted = new HumanLabel(articleId, classifier, label, time.GetUtcNow());
        return await TryWriteLabelAsync(ReviewTable.ToLabel(row, accepted), cancellationToken) ? new LabelOutcome(accepted, acceptedLabels) : null;
    }

    /// <summary>All texts of a classifier that people labelled.</summary>
    public async IAsyncEnumerable<LabelledText> ListLabelledAsync(string classifier, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {classifier} and State eq {ReviewTable.Labelled}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            if (await ReadTextAsync(row, cancellationToken) is { } text)
            {
                yield return ReviewTable.ToLabelledText(row, text);
            }
        }
    }

    /// <summary>Writes a label without an ETag: of several people who label an article at the same moment, the last one counts.</summary>
    /// <returns>False if the row was removed in the meantime, because the article has another text.</returns>
    private async Task<bool> TryWriteLabelAsync(TableEntity label, CancellationToken cancellationToken)
    {
        try
        {
            await table.UpdateEntityAsync(label, ETag.All, TableUpdateMode.Merge, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return false;
        }
    }

    /// <summary>The rows of an article, one for each text that it had.</summary>
    private async Task<IReadOnlyList<TableEntity>> FindAsync(string classifier, string articleId, CancellationToken cancellationToken)
    {
        var hash = Sha256Hex.HashText(articleId);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {classifier} and RowKey ge {hash + "-"} and RowKey lt {hash + "."}");
        return await table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).ToListAsync(cancellationToken);
    }

    private async Task RemoveAsync(string classifier, string articleId, Func<TableEntity, bool> isOutdated, CancellationToken cancellationToken)
    {
        foreach (var row in await FindAsync(classifier, articleId, cancellationToken))
        {
            if (isOutdated(row) && ReviewTable.IsWaiting(row))
            {
                await DeleteAsync(row, cancellationToken);
            }
        }
    }

    private async Task DeleteAsync(TableEntity row, CancellationToken cancellationToken)
    {
        try
        {
            await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken);
            if (row.GetString("Blob") == StorageNames.ReviewText(row.RowKey))
            {
                await texts.DeleteAsync(StorageNames.ReviewText(row.RowKey), cancellationToken);
            }
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            // Removed by another delivery, or labelled by a person at this moment: the text that they read did exist, so the label stays.
        }
    }

    /// <summary>Stores a text that is too long for a row as a blob.</summary>
    private async Task<ReviewCandidate> MoveLongTextAsync(ReviewCandidate article, CancellationToken cancellationToken)
    {
        if (article.Text is not { Length: > TableText.MaxCharacters } text)
        {
            return article;
        }

        var blob = StorageNames.ReviewText(StorageNames.ReviewRow(Sha256Hex.HashText(article.Id), article.TextHash));
        await texts.WriteAsync(blob, text, cancellationToken);
        return article with { Text = null, Blob = blob };
    }

    /// <returns>Null if the blob of a long text no longer exists.</returns>
    private async Task<string?> ReadTextAsync(TableEntity row, CancellationToken cancellationToken) =>
        row.GetString("Blob") is { } blob ? (await texts.ReadAsync(blob, cancellationToken)).Text : row.GetString("Text");
}
