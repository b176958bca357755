using Azure.Storage.Queues;
using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>The queue of training requests, from the side of the one who works on them.</summary>
internal sealed class TrainingQueue(StorageClients storage, TimeProvider time)
{
    /// <summary>As the Functions host does with its own queues: a request that failed this often is set aside.</summary>
    private const int MaxDequeueCount = 5;

    private readonly QueueClient requests = storage.Queue(StorageNames.TrainingRequestsQueue);
    private readonly QueueClient poison = storage.Queue(StorageNames.TrainingRequestsPoisonQueue);

    /// <returns>The next request, or null if there is none to be had now.</returns>
    public async Task<TrainingMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var message = (await requests.ReceiveMessageAsync(TrainingMessage.Visibility, cancellationToken)).Value;
        return message is null ? null : new TrainingMessage(requests, message, time);
    }

    public static bool HasFailedTooOften(TrainingMessage message) => message.DequeueCount > MaxDequeueCount;

    /// <summary>Sets a request aside for a person to look at.</summary>
    public async Task MoveToPoisonAsync(TrainingMessage message, CancellationToken cancellationToken)
    {
        await poison.SendMessageAsync(message.Body, cancellationToken);
        await message.CompleteAsync(cancellationToken);
    }
}
