using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Serverless.Storage;

/// <summary>Lists blobs page by page.</summary>
internal static class BlobPaging
{
    /// <summary>Lists the next blobs of a folder, by name.</summary>
    /// <exception cref="BadContinuationException">The continuation is not valid.</exception>
    public static async Task<ListPage<BlobItem>> ReadAsync(
        BlobContainerClient container, string folder, int limit, string? continuation, CancellationToken cancellationToken)
    {
        try
        {
            var blobs = container.GetBlobsAsync(BlobTraits.None, BlobStates.None, folder, cancellationToken);
            await foreach (var page in blobs.AsPages(Continuation.Decode(continuation), limit))
            {
                // The service may return empty pages while it searches.
                if (page.Values.Count > 0 || string.IsNullOrEmpty(page.ContinuationToken))
                {
                    return new ListPage<BlobItem>(page.Values, Continuation.Encode(page.ContinuationToken));
                }
            }

            return new ListPage<BlobItem>([], null);
        }
        catch (RequestFailedException exception) when (exception.Status == 400 && continuation is not null)
        {
            throw new BadContinuationException();
        }
    }
}
