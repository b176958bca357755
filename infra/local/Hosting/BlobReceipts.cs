using Azure;
using Azure.Storage.Blobs;

namespace Serverless.Local.Hosting;

/// <summary>Remembers which blobs a function has handled, by ETag, in the container where the Functions host keeps it: a blob that is overwritten triggers again.</summary>
internal sealed class BlobReceipts(BlobServiceClient blobs, string function)
{
    private readonly BlobContainerClient container = blobs.GetBlobContainerClient("azure-webjobs-hosts");
    private readonly HashSet<string> seen = [];

    public async Task<bool> HasAsync(BlobClient blob, ETag etag, CancellationToken cancellationToken)
    {
        var receipt = Receipt(blob, etag);
        if (seen.Contains(receipt))
        {
            return true;
        }

        try
        {
            return await container.GetBlobClient(receipt).ExistsAsync(cancellationToken) && seen.Add(receipt);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return false;
        }
    }

    public async Task AddAsync(BlobClient blob, ETag etag, CancellationToken cancellationToken)
    {
        var receipt = Receipt(blob, etag);
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await container.GetBlobClient(receipt).UploadAsync(BinaryData.Empty, overwrite: true, cancellationToken);
        seen.Add(receipt);
    }

    private string Receipt(BlobClient blob, ETag etag) =>
        $"blobreceipts/local/{function}/{etag.ToString("G").Trim('"')}/{blob.BlobContainerName}/{blob.Name}";
}
