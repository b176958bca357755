using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Functions.Triggers;

/// <summary>Requests a training for a new data set.</summary>
public sealed class RetrainOnDataset(TrainingRequests requests)
{
    [Function(nameof(RetrainOnDataset))]
    public Task RunAsync(
        [BlobTrigger(StorageNames.DatasetPath, Source = BlobTriggerSource.EventGrid, Connection = StorageNames.Connection)] BlobClient dataset,
        CancellationToken cancellationToken) =>
        requests.RequestAsync(dataset, cancellationToken);
}
