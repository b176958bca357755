using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>The outcome of a write.</summary>
public enum WriteOutcome
{
    /// <summary>The first result for this id, or one after a rejection or failure.</summary>
    Created,

    /// <summary>It replaced a result for another text of the same id.</summary>
    Replaced,

    /// <summary>There is a final result for the same text; nothing changed.</summary>
    Duplicate,

    /// <summary>There is a result of a newer message; nothing changed.</summary>
    Stale,
}

/// <summary>
/// Stores results. The blob is the source of truth, rows are a projection. Writes are conditional (ETag); the loser reads again. A
/// redelivery repairs rows lost in a crash.
/// </summary>
public sealed class ResultStore(StorageClients storage)
{
    // Two writers need two attempts; more than this is not contention but an error.
    private const int MaxAttempts = 10;

    private readonly BlobContainerClient blobs = storage.Container(StorageNames.ResultsContainer);
    private readonly ResultTable rows = new(storage);

    /// <summary>The result of an article, or null.</summary>
    public async Task<ClassificationResult?> FindAsync(string classifier, string articleId, CancellationToken cancellationToken) =>
        (await ReadBlobAsync(classifier, Sha256Hex.HashText(articleId), cancellationToken))?.Result;

    /// <summary>Results of a classifier, newest first, including those that were replaced.</summary>
    /// <exception cref="BadContinuationException">The continuation is not from this list.</exception>
    public Task<ListPage<ClassificationResult>> ListAsync(string classifier, int limit, string? continuation, CancellationToken cancellationToken) =>
        rows.ListRecentAsync(classifier, limit, continuation, cancellationToken);

    /// <summary>
    /// Checks, before a forward pass, whether the stored result is final for a message. If so, rows that are missing are written.
    /// </summary>
    /// <returns><see cref="WriteOutcome.Duplicate"/> or <see cref="WriteOutcome.Stale"/>; null if the message needs a forward pass.</returns>
    public async Task<WriteOutcome?> TryReuseExistingAsync(
        string classifier, string articleId, string textHash, DateTimeOffset insertedOn, CancellationToken cancellationToken)
    {
        var hash = Sha256Hex.HashText(articleId);
        RowState? row = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var stored = await ReadBlobAsync(classifier, hash, cancellationToken);
            var decision = DecideWrite(stored?.Result, ClassificationStatus.Classified, textHash, insertedOn);
            if (decision is not (WriteOutcome.Duplicate or WriteOutcome.Stale))
            {
                return null;
            }

            if (row is not null
                && await TryRaiseTimeAsync(stored!, decision, insertedOn, cancellationToken) is { } current
                && await TryProjectAsync(current, row, cancellationToken))
            {
                return decision;
            }

            // Most messages are new, and reading the blob is enough. Otherwise the blob is read again after the row: see WriteAsync.
            row = await rows.ReadETagAsync(classifier, hash, cancellationToken);
        }

        throw Contention(hash);
    }

    /// <summary>Writes a result, unless the stored one is final for the same text or newer; see <see cref="WriteOutcome"/>.</summary>
    public async Task<WriteOutcome> WriteAsync(ClassificationResult result, CancellationToken cancellationToken)
    {
        var hash = result.ArticleHash();
        WriteOutcome? done = null;

        // Most results are the first of their article, so the first attempt reads nothing: its writes fail if there is a blob or a row.
        var row = RowState.None;
        StoredResult? stored = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (attempt > 0)
            {
                // The row's ETag is read before the blob: if another writer changes blob and row in between, this row write fails.
                row = await rows.ReadETagAsync(result.Classifier, hash, cancellationToken);
                stored = await ReadBlobAsync(result.Classifier, hash, cancellationToken);
            }

            var decision = DecideWrite(stored?.Result, result.Status, result.TextHash, result.InsertedOn);
            if (done is null && decision is WriteOutcome.Created or WriteOutcome.Replaced)
            {
                stored = await TryWriteBlobAsync(result with { Replaced = decision == WriteOutcome.Replaced }, stored?.ETag, cancellationToken);
                done = stored is null ? null : decision;
            }
            else
            {
                stored = await TryRaiseTimeAsync(stored!, decision, result.InsertedOn, cancellationToken);
            }

            if (stored is not null && await TryProjectAsync(stored, row, cancellationToken))
            {
                return done ?? decision;
            }
        }

        throw Contention(hash);
    }

    private static WriteOutcome DecideWrite(ClassificationResult? stored, ClassificationStatus status, string textHash, DateTimeOffset? insertedOn)
    {
        if (stored is null)
        {
            return WriteOutcome.Created;
        }

        var sameText = stored.TextHash == textHash;
        if (sameText && (stored.Status == ClassificationStatus.Classified || stored.Status == status))
        {
            return WriteOutcome.Duplicate;
        }

        // The times of a queue have a resolution of one second: of two messages of the same second the one processed last wins. A rejection
        // does not: it may be a second delivery of the message, after the blob with its text was deleted.
        var age = (stored.InsertedOn ?? DateTimeOffset.MinValue).CompareTo(insertedOn ?? DateTimeOffset.MinValue);
        if (age > 0 || (age == 0 && status == ClassificationStatus.Rejected && stored.Status == ClassificationStatus.Classified))
        {
            return WriteOutcome.Stale;
        }

        return sameText ? WriteOutcome.Created : WriteOutcome.Replaced;
    }

    /// <summary>Records that a newer message had the same text, so that a text that was sent in between does not replace it.</summary>
    /// <returns>What is stored; null if another writer was faster.</returns>
    private async Task<StoredResult?> TryRaiseTimeAsync(
        StoredResult stored, WriteOutcome decision, DateTimeOffset? insertedOn, CancellationToken cancellationToken) =>
        decision == WriteOutcome.Duplicate && insertedOn > (stored.Result.InsertedOn ?? DateTimeOffset.MinValue)
            ? await TryWriteBlobAsync(stored.Result with { InsertedOn = insertedOn }, stored.ETag, cancellationToken)
            : stored;

    /// <returns>False if another writer was faster.</returns>
    private async Task<bool> TryProjectAsync(StoredResult stored, RowState row, CancellationToken cancellationToken) =>
        row.IsFrom(stored.ETag) || await rows.TryWriteAsync(stored.Result, stored.ETag, row, cancellationToken);

    private async Task<StoredResult?> ReadBlobAsync(string classifier, string hash, CancellationToken cancellationToken)
    {
        try
        {
            var content = await blobs.GetBlobClient(StorageNames.ResultBlob(classifier, hash)).DownloadContentAsync(cancellationToken);
            return new StoredResult(ClassificationResult.Parse(content.Value.Content), content.Value.Details.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private async Task<StoredResult?> TryWriteBlobAsync(ClassificationResult result, ETag? replaced, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = replaced is { } etag ? new BlobRequestConditions { IfMatch = etag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
        };
        try
        {
            var written = await blobs.GetBlobClient(StorageNames.ResultBlob(result.Classifier, result.ArticleHash()))
                .UploadAsync(BinaryData.FromString(result.ToJson()), options, cancellationToken);
            return new StoredResult(result, written.Value.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            return null;
        }
    }

    private static InvalidOperationException Contention(string hash) =>
        new($"The result {hash} changed {MaxAttempts} times while it was being written; the message is retried.");

    private sealed record StoredResult(ClassificationResult Result, ETag ETag);
}
