using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>What a write came to.</summary>
public enum WriteOutcome
{
    /// <summary>The first result for this id, or one that followed a rejection or failure.</summary>
    Created,

    /// <summary>It took the place of a result for another text of the same id.</summary>
    Replaced,

    /// <summary>A final result for the same text stood there already; nothing changed.</summary>
    Duplicate,

    /// <summary>A result of a newer message stood there already; nothing changed.</summary>
    Stale,
}

/// <summary>
/// Results: the blob first, which is the truth, then the rows made from it. Every write carries the ETag of what was read, so
/// that of two writers one reads again; a redelivery finds the blob and mends rows that a crash left out.
/// </summary>
public sealed class ResultStore(StorageClients storage)
{
    // Two writers need two attempts; what goes on for longer is no contention but a fault.
    private const int MaxAttempts = 10;

    private readonly BlobContainerClient blobs = storage.Container(StorageNames.ResultsContainer);
    private readonly ResultTable rows = new(storage);

    /// <summary>The result of an article, or null.</summary>
    public async Task<ClassificationResult?> FindAsync(string classifier, string articleId, CancellationToken cancellationToken) =>
        (await ReadBlobAsync(classifier, Sha256Hex.OfText(articleId), cancellationToken))?.Result;

    /// <summary>Results of a classifier, the newest first; of a replaced one also what was said at its time.</summary>
    /// <exception cref="BadContinuationException">The continuation is none of this list's.</exception>
    public Task<ListPage<ClassificationResult>> ListAsync(string classifier, int limit, string? continuation, CancellationToken cancellationToken) =>
        rows.ListRecentAsync(classifier, limit, continuation, cancellationToken);

    /// <summary>
    /// Says before any forward pass whether a message needs one: <see cref="WriteOutcome.Duplicate"/> and
    /// <see cref="WriteOutcome.Stale"/> mean that it does not, and missing rows are mended; otherwise null.
    /// </summary>
    public async Task<WriteOutcome?> TryReuseExistingAsync(string classifier, string articleId, string textHash, DateTimeOffset insertedOn, CancellationToken cancellationToken)
    {
        var hash = Sha256Hex.OfText(articleId);
        RowState? row = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var stored = await ReadBlobAsync(classifier, hash, cancellationToken);
            var decision = DecideWrite(stored?.Result, ClassificationStatus.Classified, textHash, insertedOn);
            if (decision is not (WriteOutcome.Duplicate or WriteOutcome.Stale))
            {
                return null;
            }

            if (row is not null && (row.IsOf(stored!.ETag) || await rows.TryWriteAsync(stored.Result, stored.ETag, row, cancellationToken)))
            {
                return decision;
            }

            // Most messages are new, and their blob alone says so. Where it does not, it is read again after the row: see WriteAsync.
            row = await rows.ReadETagAsync(classifier, hash, cancellationToken);
        }

        throw Contention(hash);
    }

    /// <summary>Writes a result by the contract's rules; see <see cref="WriteOutcome"/>.</summary>
    public async Task<WriteOutcome> WriteAsync(ClassificationResult result, CancellationToken cancellationToken)
    {
        var hash = result.ArticleHash();
        WriteOutcome? done = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // The row's ETag is read before the blob: if another writer changes blob and row in between, our row write fails.
            var row = await rows.ReadETagAsync(result.Classifier, hash, cancellationToken);
            var stored = await ReadBlobAsync(result.Classifier, hash, cancellationToken);
            var decision = DecideWrite(stored?.Result, result.Status, result.TextHash, result.InsertedOn);
            if (done is null && decision is WriteOutcome.Created or WriteOutcome.Replaced)
            {
                stored = await TryWriteBlobAsync(result with { Replaced = decision == WriteOutcome.Replaced }, stored?.ETag, cancellationToken);
                if (stored is null)
                {
                    continue;
                }

                done = decision;
            }

            if (row.IsOf(stored!.ETag) || await rows.TryWriteAsync(stored.Result, stored.ETag, row, cancellationToken))
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

        // Queues tell the second, no more: of two messages of the same second the one handled last stands.
        return (insertedOn ?? DateTimeOffset.MinValue) < (stored.InsertedOn ?? DateTimeOffset.MinValue) ? WriteOutcome.Stale : sameText ? WriteOutcome.Created : WriteOutcome.Replaced;
    }

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
        new($"The result {hash} changed {MaxAttempts} times while it was being written; the message will be tried again.");

    private sealed record StoredResult(ClassificationResult Result, ETag ETag);
}
