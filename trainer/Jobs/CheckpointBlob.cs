using System.Threading.Channels;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// The checkpoint of a training job in storage, so that a trainer on another machine can resume a killed job. It is the content
/// of the blob whose lease the job holds, so only the lease holder can write it. Uploads run in the background; if they are
/// slower than the checkpoints, only the latest checkpoint is uploaded.
/// </summary>
internal sealed class CheckpointBlob : IAsyncDisposable
{
    private const string RequestKey = "request";

    // A container gets 30 seconds to stop.
    private static readonly TimeSpan FinalUploadTimeout = TimeSpan.FromSeconds(20);

    private readonly ClassifierLease lease;
    private readonly string request;
    private readonly string path;
    private readonly TextWriter log;
    private readonly Channel<bool> written = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stop = new();
    private readonly Task uploadLoop;

    /// <param name="lease">The lease; it must be held during the lifetime of this object.</param>
    /// <param name="request">The request that the checkpoint belongs to; a checkpoint of another request is not used.</param>
    /// <param name="path">The checkpoint file that the training writes.</param>
    /// <param name="log">Receives a line when an upload fails.</param>
    public CheckpointBlob(ClassifierLease lease, TrainingRequest request, string path, TextWriter log)
    {
        this.lease = lease;
        this.request = ComputeHash(request);
        this.path = path;
        this.log = log;
        uploadLoop = UploadAllAsync();
    }

    /// <summary>Downloads the checkpoint, if a previous trainer left one for this request.</summary>
    public async Task DownloadAsync(CancellationToken cancellationToken)
    {
        if (await BelongsToRequestAsync(lease, request, cancellationToken))
        {
            await lease.Blob.DownloadToAsync(path, cancellationToken);
        }
    }

    /// <summary>Schedules an upload: the training has written the file.</summary>
    public void NotifyWritten() => written.Writer.TryWrite(true);

    /// <summary>Removes the checkpoint of a request that is done. A checkpoint of another request is kept.</summary>
    public static async Task RemoveAsync(ClassifierLease lease, TrainingRequest request, TextWriter log, CancellationToken cancellationToken)
    {
        try
        {
            if (await BelongsToRequestAsync(lease, ComputeHash(request), cancellationToken))
            {
                await lease.Blob.UploadAsync(Stream.Null, new BlobUploadOptions { Conditions = LeaseConditions(lease) }, cancellationToken);
            }
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception))
        {
            // It only takes space: the next training of the classifier overwrites it.
            log.WriteLine($"The checkpoint could not be removed. {StorageErrors.Describe(exception)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        written.Writer.TryComplete();
        stop.CancelAfter(FinalUploadTimeout);
        await uploadLoop;
        stop.Dispose();
    }

    private async Task UploadAllAsync()
    {
        await foreach (var _ in written.Reader.ReadAllAsync())
        {
            try
            {
                await using var file = File.OpenRead(path);
                await WriteAsync(file, stop.Token);
            }
            catch (FileNotFoundException)
            {
                // The training has ended and deleted the file.
            }
        }
    }

    private static async Task<bool> BelongsToRequestAsync(ClassifierLease lease, string request, CancellationToken cancellationToken)
    {
        var stored = (await lease.Blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        return stored.ContentLength > 0 && stored.Metadata.TryGetValue(RequestKey, out var owner) && owner == request;
    }

    private static string ComputeHash(TrainingRequest request) => Sha256Hex.HashText($"{request.Dataset}\n{request.ETag}");

    private static BlobRequestConditions LeaseConditions(ClassifierLease lease) => new() { LeaseId = lease.Id };

    private async Task WriteAsync(Stream content, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = LeaseConditions(lease),
            Metadata = new Dictionary<string, string> { [RequestKey] = request },
        };
        try
        {
            await lease.Blob.UploadAsync(content, options, cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsStorageError(exception) || exception is OperationCanceledException)
        {
            // Without it a killed job starts from the beginning; the training itself continues.
            log.WriteLine($"The checkpoint could not be stored. {StorageErrors.Describe(exception)}");
        }
    }
}
