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
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(20);

    private readonly BlobLeaseClient lease;
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource lost = new();
    private readonly Task renewing;

    private ClassifierLease(BlobLeaseClient lease, TimeProvider time)
    {
        this.lease = lease;
        renewing = RenewAsync(time);
    }

    /// <summary>Ends the work when the lease could not be kept.</summary>
    public CancellationToken Lost => lost.Token;

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
            return new ClassifierLease(lease, time);
        }
        catch (RequestFailedException taken) when (taken.Status == 409)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await renewing;
        try
        {
            await lease.ReleaseAsync();
        }
        catch (RequestFailedException)
        {
            // Lost already, or it ends by itself within the minute.
        }

        stop.Dispose();
        lost.Dispose();
    }

    private static async Task CreateAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            await blob.UploadAsync(BinaryData.FromString(""), overwrite: false, cancellationToken);
        }
        catch (RequestFailedException exists) when (exists.Status is 409 or 412)
        {
        }
    }

    private async Task RenewAsync(TimeProvider time)
    {
        try
        {
            while (true)
            {
                await Task.Delay(RenewEvery, time, stop.Token);
                await lease.RenewAsync(cancellationToken: stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (RequestFailedException)
        {
            await lost.CancelAsync();
        }
    }
}
