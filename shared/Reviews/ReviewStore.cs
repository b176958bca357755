using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>
/// The table <c>reviews</c>: one row for each text that the model was unsure of. It waits for a person, and keeps the label that
/// the person gives. An article that is sent again with another text no longer waits with the old one.
/// </summary>
public sealed class ReviewStore(StorageClients storage, ArticleBlobStore texts, TimeProvider time)
{
    private readonly TableClient table = storage.Table(StorageNames.ReviewsTable);

    /// <summary>Asks a person. Asking twice about the same text changes nothing, a label given meanwhile included.</summary>
    public async Task AskAsync(ArticleMessage article, ClassificationResult answer, CancellationToken cancellationToken)
    {
        try
        {
            // A longer text lies in a blob.
            var question = article.Text is { Length: > TableText.MaxCharacters } ? await texts.CheckInAsync(article, cancellationToken) : article;
            await table.AddEntityAsync(ReviewTable.Of(question, answer), cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
        }
    }

    /// <summary>Takes back the question about one text of an article.</summary>
    public Task WithdrawAsync(string classifier, string articleId, string textHash, CancellationToken cancellationToken)
    {
        var outdated = StorageNames.ReviewRow(Sha256Hex.OfText(articleId), textHash);
        return WithdrawAsync(classifier, articleId, row => row.RowKey == outdated, cancellationToken);
    }

    /// <summary>Takes back the questions about an article's earlier texts. One that was asked after this result belongs to a result still to come.</summary>
    /// <param name="standing">The article's result.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task WithdrawEarlierAsync(ClassificationResult standing, CancellationToken cancellationToken)
    {
        var current = StorageNames.ReviewRow(standing.ArticleHash(), standing.TextHash);
        return WithdrawAsync(
            standing.Classifier, standing.Id, row => row.RowKey != current && row.GetDateTimeOffset("Time") <= standing.CompletedAt, cancellationToken);
    }

    /// <summary>Articles that wait for a person, in no particular order.</summary>
    /// <exception cref="BadContinuationException">The continuation is none of this list's.</exception>
    public async Task<ListPage<ReviewEntry>> ListAsync(string classifier, int limit, string? continuation, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {classifier} and State eq {ReviewTable.Waiting}");
        var page = await TablePaging.ReadAsync(table, filter, limit, continuation, cancellationToken);
        var articles = await Task.WhenAll(page.Items.Select(async row => ReviewTable.Article(row, await TextAsync(row, cancellationToken) ?? "")));
        return new ListPage<ReviewEntry>(articles, page.Continuation);
    }

    /// <summary>Keeps the label that a person gives to an article. A later label takes the place of an earlier one.</summary>
    /// <returns>Null if nobody was asked about the article.</returns>
    public async Task<LabelOutcome?> LabelAsync(string classifier, string articleId, string label, CancellationToken cancellationToken)
    {
        var rows = await FindAsync(classifier, articleId, cancellationToken);
        if (rows.OrderBy(row => row.GetString("State") == ReviewTable.Waiting).ThenBy(row => row.GetDateTimeOffset("Time")).LastOrDefault() is not { } row)
        {
            return null;
        }

        IReadOnlyList<string> accepted = [.. ReviewTable.Probabilities(row).Keys];
        if (!accepted.Contains(label))
        {
            return new LabelOutcome(null, accepted);
        }

        var given = new HumanLabel(articleId, classifier, label, time.GetUtcNow());
        var change = new TableEntity(row.PartitionKey, row.RowKey)
        {
            ["State"] = ReviewTable.Labelled,
            ["PersonLabel"] = given.Label,
            ["LabelledAt"] = given.LabelledAt,
        };
        await table.UpdateEntityAsync(change, row.ETag, TableUpdateMode.Merge, cancellationToken);
        return new LabelOutcome(given, accepted);
    }

    /// <summary>All texts of a classifier that people labelled.</summary>
    public async IAsyncEnumerable<LabelledText> LabelledAsync(string classifier, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {classifier} and State eq {ReviewTable.Labelled}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            if (await TextAsync(row, cancellationToken) is { } text)
            {
                var article = new ArticleMessage(row.GetString("Id")) { Title = row.GetString("Title") };
                yield return new LabelledText(article.WithTitle(text), row.GetString("PersonLabel"));
            }
        }
    }

    /// <summary>The rows of an article, one for each text that it had.</summary>
    private async Task<IReadOnlyList<TableEntity>> FindAsync(string classifier, string articleId, CancellationToken cancellationToken)
    {
        var hash = Sha256Hex.OfText(articleId);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {classifier} and RowKey ge {hash + "-"} and RowKey lt {hash + "."}");
        return await table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).ToListAsync(cancellationToken);
    }

    private async Task WithdrawAsync(string classifier, string articleId, Func<TableEntity, bool> isOutdated, CancellationToken cancellationToken)
    {
        foreach (var row in await FindAsync(classifier, articleId, cancellationToken))
        {
            if (isOutdated(row) && row.GetString("State") == ReviewTable.Waiting)
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
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            // A person labelled it at this moment: what they read did exist, and the label is kept.
        }
    }

    /// <returns>Null if the blob of a long text is gone.</returns>
    private async Task<string?> TextAsync(TableEntity row, CancellationToken cancellationToken) =>
        row.GetString("Blob") is { } blob ? (await texts.ReadAsync(blob, cancellationToken)).Text : row.GetString("Text");
}
