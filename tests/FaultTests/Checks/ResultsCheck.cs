using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.FaultTests.Checks;

/// <summary>Checks that every article has exactly one result: its blob, the row made from that blob, and a row in the table <c>recent</c>.</summary>
internal static class ResultsCheck
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>Waits until every article has its result; the failure names an article without one.</summary>
    /// <param name="storage">The account.</param>
    /// <param name="ids">The ids of the articles.</param>
    /// <param name="classifier">The classifier of the articles.</param>
    /// <param name="perSecond">The lowest expected rate, on a machine that has other work.</param>
    public static async Task CompleteAsync(StorageClients storage, IReadOnlyCollection<string> ids, string classifier = "news", double perSecond = 10)
    {
        var timeout = TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(ids.Count / perSecond);
        var expected = ids.Select(id => $"{classifier}/{Sha256Hex.HashText(id)}.json").ToHashSet();
        string[] missing = [.. expected];
        await Eventually.GetAsync(
            async () =>
            {
                var blobs = await BlobsAsync(storage, $"{classifier}/");
                missing = [.. expected.Where(name => !blobs.ContainsKey(name))];
                return missing.Length == 0 ? "all" : null;
            },
            () => $"{missing.Length} of {expected.Count} results, such as {missing.FirstOrDefault()}",
            timeout);
    }

    /// <returns>The results by their articles' ids.</returns>
    public static async Task<IReadOnlyDictionary<string, ClassificationResult>> ExactlyOneEachAsync(
        StorageClients storage, IReadOnlyCollection<string> ids, string classifier = "news")
    {
        await QueueIsEmptyAsync(storage, StorageNames.ArticlesQueue);
        await QueueIsEmptyAsync(storage, StorageNames.ArticlesPoisonQueue);
        var blobs = await BlobsAsync(storage, $"{classifier}/");
        var rows = await RowsAsync(storage, StorageNames.ClassificationsTable, classifier);
        var recent = await RowsAsync(storage, StorageNames.RecentTable, classifier);
        var results = new Dictionary<string, ClassificationResult>();
        foreach (var (name, etag) in blobs)
        {
            var result = await ReadAsync(storage, name);
            results.Add(result.Id, result);
            Assert.Equal(etag, Assert.Single(rows[result.Id]).GetString("ResultETag").Trim('"'));
            Assert.Contains(recent[result.Id], row => row.GetString("ResultETag").Trim('"') == etag);
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), results.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(ids.Count, rows.Count);
        return results;
    }

    /// <returns>All results of all classifiers, by the names of their blobs.</returns>
    public static async Task<IReadOnlyDictionary<string, ClassificationResult>> AllAsync(StorageClients storage)
    {
        var results = new Dictionary<string, ClassificationResult>();
        foreach (var name in (await BlobsAsync(storage, prefix: "")).Keys)
        {
            results.Add(name, await ReadAsync(storage, name));
        }

        return results;
    }

    public static async Task QueueIsEmptyAsync(StorageClients storage, string queue, TimeSpan? timeout = null) => await Eventually.TrueAsync(
        async () => (await storage.Queue(queue).GetPropertiesAsync(CancellationToken)).Value.ApproximateMessagesCount == 0, $"an empty queue {queue}", timeout);

    private static async Task<ClassificationResult> ReadAsync(StorageClients storage, string blob) =>
        ClassificationResult.Parse((await storage.Container(StorageNames.ResultsContainer).GetBlobClient(blob).DownloadContentAsync(CancellationToken)).Value.Content);

    private static async Task<Dictionary<string, string>> BlobsAsync(StorageClients storage, string prefix)
    {
        var blobs = new Dictionary<string, string>();
        await foreach (var blob in storage.Container(StorageNames.ResultsContainer).GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, CancellationToken))
        {
            blobs.Add(blob.Name, blob.Properties.ETag!.Value.ToString().Trim('"'));
        }

        return blobs;
    }

    private static async Task<ILookup<string, TableEntity>> RowsAsync(StorageClients storage, string table, string classifier)
    {
        var rows = new List<TableEntity>();
        await foreach (var row in storage.Table(table).QueryAsync<TableEntity>($"Classifier eq '{classifier}'", cancellationToken: CancellationToken))
        {
            rows.Add(row);
        }

        return rows.ToLookup(row => row.GetString("Id"));
    }
}
