using Azure.Storage.Blobs;

namespace Serverless.FaultTests.Faults;

/// <summary>A blob that a test removes for a while.</summary>
internal sealed class RemovedBlob
{
    private readonly BlobClient blob;
    private readonly BinaryData content;

    private RemovedBlob(BlobClient blob, BinaryData content)
    {
        this.blob = blob;
        this.content = content;
    }

    public static async Task<RemovedBlob> RemoveAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        var content = (await blob.DownloadContentAsync(cancellationToken)).Value.Content;
        await blob.DeleteAsync(cancellationToken: cancellationToken);
        return new RemovedBlob(blob, content);
    }

    public Task RestoreAsync() => blob.UploadAsync(content, overwrite: true, TestContext.Current.CancellationToken);
}
