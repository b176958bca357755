using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// The lock of one classifier for training: a lease on a blob beside its versions. It lasts 60 seconds and is renewed, so that a
/// killed trainer blocks the next one for at most a minute.
/// </summary>
internal sealed class ClassifierLease : IAsyncDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    private readonly BlobLeaseClient lease;
    private readonly LeaseRenewer renewer;

    private ClassifierLease(BlobClient blob, BlobLeaseClient lease, TimeProvider time)
    {
        Blob = blob;
        this.lease = lease;
        renewer = new LeaseRenewer(Duration, cancellationToken => lease.RenewAsync(cancellationToken: cancellationToken), time);
    }

    /// <summary>The leased blob; its content is the job's checkpoint (see <see cref="CheckpointBlob"/>).</summary>
    public BlobClient Blob { get; }

    /// <summary>The lease id, required for each write to the blob.</summary>
    public string Id => lease.LeaseId;

    /// <summary>Cancelled when the lease is lost.</summary>
    public CancellationToken Lost => renewer.Lost;

    /// <returns>Null if another trainer holds the lease.</returns>
    public static async Task<ClassifierLease?> TryAcquireAsync(
        StorageClients storage, string classifier, TimeProvider time, CancellationToken cancellationToken)
    {
        var blob = storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(classifier));
        await CreateAsync(blob, cancellationToken);
        var lease = blob.GetBlobLeaseClient();
        try
        {
            await lease.AcquireAsync(Duration, cancellationToken: cancellationToken);
            return new ClassifierLease(blob, lease, time);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await renewer.DisposeAsync();
        try
        {
            await lease.ReleaseAsync();
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            // The lease was lost already, or it expires within a minute.
        }
    }

    private static async Task CreateAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            await blob.UploadAsync(BinaryData.FromString(""), overwrite: false, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
        }
    }
}
