using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// The right to train one classifier: a lease on a small blob beside its versions. It lasts a minute and is renewed, so that
/// a killed trainer blocks its successor no longer than that.
/// </summary>
internal sealed class ClassifierLease : IAsyncDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    private readonly BlobLeaseClient lease;
    private readonly LeaseRenewer renewer;

    private ClassifierLease(BlobClient blob, BlobLeaseClient lease, TimeProvider time)
    {
        (Blob, this.lease) = (blob, lease);
        renewer = new LeaseRenewer(Duration, cancellationToken => lease.RenewAsync(cancellationToken: cancellationToken), time);
    }

    /// <summary>Its content is the job's to write (see <see cref="CheckpointBlob"/>).</summary>
    public BlobClient Blob { get; }

    /// <summary>What a write to the blob must name.</summary>
    public string Id => lease.LeaseId;

    /// <summary>Ends the work when the lease could not be kept.</summary>
    public CancellationToken Lost => renewer.Lost;

    /// <returns>Null while another trainer has it.</returns>
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
            // Lost already, or it ends by itself within the minute.
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
