using Azure.Storage.Queues;
using Serverless.Storage;

namespace Serverless.Trainer.Jobs;

/// <summary>Receives messages of the queue <c>training-requests</c>.</summary>
internal sealed class TrainingQueue(StorageClients storage, TimeProvider time)
{
    /// <summary>Attempts before a request goes to the poison queue: the same number as in host.json.</summary>
    private const int MaxDequeueCount = 5;

    private readonly QueueClient requests = storage.Queue(StorageNames.TrainingRequestsQueue);
    private readonly QueueClient poison = storage.Queue(StorageNames.TrainingRequestsPoisonQueue);

    /// <returns>The next request; null if the queue has no visible message.</returns>
    public async Task<TrainingMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var message = (await requests.ReceiveMessageAsync(TrainingMessage.Visibility, cancellationToken)).Value;
        return message is null ? null : new TrainingMessage(requests, message, time);
    }

    public static bool HasFailedTooOften(TrainingMessage message) => message.DequeueCount > MaxDequeueCount;

    /// <summary>Moves a request to the poison queue.</summary>
    public async Task MoveToPoisonAsync(TrainingMessage message, CancellationToken cancellationToken)
    {
        await poison.SendMessageAsync(message.Body, cancellationToken);
        await message.CompleteAsync(cancellationToken);
    }
}
