using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>
/// The rows of results, a projection of the blobs: <c>classifications</c> has one row for each article, <c>recent</c> one for each result,
/// so that a replaced result stays in the list.
/// </summary>
internal sealed class ResultTable(StorageClients storage)
{
    private readonly TableClient classifications = storage.Table(StorageNames.ClassificationsTable);
    private readonly TableClient recent = storage.Table(StorageNames.RecentTable);

    public async Task<RowState> ReadETagAsync(string classifier, string hash, CancellationToken cancellationToken)
    {
        var row = await classifications.GetEntityIfExistsAsync<TableEntity>(
            StorageNames.ClassificationsPartition(classifier, hash), hash, ["ResultETag"], cancellationToken);
        return row.HasValue ? new RowState(row.Value!.ETag, row.Value.GetString("ResultETag")) : new RowState(null, null);
    }

    /// <returns>False if another writer was faster: read again.</returns>
    public async Task<bool> TryWriteAsync(ClassificationResult result, ETag blobETag, RowState replaced, CancellationToken cancellationToken)
    {
        var hash = result.ArticleHash();

        // `recent` comes first: a row in `classifications` with the blob's ETag means that both rows are written.
        await recent.UpsertEntityAsync(
            ToRow(result, blobETag, StorageNames.RecentPartition(result.Classifier, result.CompletedAt), StorageNames.RecentRow(hash, result.CompletedAt)),
            TableUpdateMode.Replace,
            cancellationToken);

        var row = ToRow(result, blobETag, StorageNames.ClassificationsPartition(result.Classifier, hash), hash);
        try
        {
            await (replaced.ETag is { } etag
                ? classifications.UpdateEntityAsync(row, etag, TableUpdateMode.Replace, cancellationToken)
                : classifications.AddEntityAsync(row, cancellationToken));
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    /// <summary>Results of a classifier, newest first.</summary>
    public async Task<ListPage<ClassificationResult>> ListRecentAsync(string classifier, int limit, string? continuation, CancellationToken cancellationToken)
    {
        var prefix = StorageNames.RecentPrefix(classifier);
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {prefix} and PartitionKey lt {prefix + "~"}");
        var page = await TablePaging.ReadAsync(recent, filter, limit, continuation, cancellationToken);
        return new ListPage<ClassificationResult>([.. page.Items.Select(FromRow)], page.Continuation);
    }

    private static TableEntity ToRow(ClassificationResult result, ETag blobETag, string partition, string key)
    {
        var probabilities = result.Probabilities is null ? null : JsonSerializer.Serialize(result.Probabilities, StorageJson.Options);
        return new TableEntity(partition, key)
        {
            ["Id"] = result.Id,
            ["Hash"] = result.ArticleHash(),
            ["Classifier"] = result.Classifier,
            ["Status"] = JsonNamingPolicy.CamelCase.ConvertName(result.Status.ToString()),
            ["Reason"] = TableText.Shorten(result.Reason),
            ["Label"] = TableText.Shorten(result.Label),
            ["Score"] = result.Score,
            ["Probabilities"] = probabilities is { Length: > TableText.MaxCharacters } ? null : probabilities,
            ["ModelVersion"] = result.ModelVersion,
            ["Tokens"] = result.Tokens,
            ["Truncated"] = result.Truncated,
            ["Title"] = TableText.Shorten(result.Title),
            ["Source"] = TableText.Shorten(result.Source),
            ["TextHash"] = result.TextHash,
            ["InsertedOn"] = result.InsertedOn,
            ["CompletedAt"] = result.CompletedAt,
            ["Replaced"] = result.Replaced,
            ["Review"] = result.Review,
            ["QueueMilliseconds"] = result.QueueMilliseconds,
            ["WaitMilliseconds"] = result.WaitMilliseconds,
            ["ForwardMilliseconds"] = result.ForwardMilliseconds,
            ["ResultETag"] = blobETag.ToString(),
        };
    }

    private static ClassificationResult FromRow(TableEntity row) => new()
    {
        Id = row.GetString("Id"),
        Classifier = row.GetString("Classifier"),
        Status = Enum.Parse<ClassificationStatus>(row.GetString("Status"), ignoreCase: true),
        Reason = row.GetString("Reason"),
        Label = row.GetString("Label"),
        Score = row.GetDouble("Score"),
        Probabilities = row.GetString("Probabilities") is { } json
            ? JsonSerializer.Deserialize<OrderedDictionary<string, double>>(json, StorageJson.Options)
            : null,
        ModelVersion = row.GetString("ModelVersion"),
        Tokens = row.GetInt32("Tokens"),
        Truncated = row.GetBoolean("Truncated"),
        Title = row.GetString("Title"),
        Source = row.GetString("Source"),
        TextHash = row.GetString("TextHash"),
        InsertedOn = row.GetDateTimeOffset("InsertedOn"),
        CompletedAt = row.GetDateTimeOffset("CompletedAt") ?? default,
        Replaced = row.GetBoolean("Replaced") ?? false,
        Review = row.GetBoolean("Review") ?? false,
        QueueMilliseconds = row.GetDouble("QueueMilliseconds"),
        WaitMilliseconds = row.GetDouble("WaitMilliseconds"),
        ForwardMilliseconds = row.GetDouble("ForwardMilliseconds"),
    };
}

/// <summary>The ETags of a row in <c>classifications</c>.</summary>
/// <param name="ETag">Of the row itself; null if there is none.</param>
/// <param name="ResultETag">Of the blob that the row was made from.</param>
internal sealed record RowState(ETag? ETag, string? ResultETag)
{
    public static RowState None { get; } = new(null, null);

    public bool IsFrom(ETag blobETag) => ResultETag == blobETag.ToString();
}
