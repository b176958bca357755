using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.Functions.Triggers;

/// <summary>Stores a result with the status "failed" for an article that failed on every attempt.</summary>
public sealed class RecordPoisonArticle(ArticleFailures failures)
{
    [Function(nameof(RecordPoisonArticle))]
    public Task RunAsync(
        [QueueTrigger(StorageNames.ArticlesPoisonQueue, Connection = StorageNames.Connection)] QueueMessage message, CancellationToken cancellationToken) =>
        failures.RecordPoisonAsync(message, cancellationToken);
}
