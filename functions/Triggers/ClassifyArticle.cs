using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.Functions.Triggers;

/// <summary>Classifies an article from the queue and stores the result.</summary>
public sealed class ClassifyArticle(ArticleProcessor articles)
{
    [Function(nameof(ClassifyArticle))]
    public Task RunAsync(
        [QueueTrigger(StorageNames.ArticlesQueue, Connection = StorageNames.Connection)] QueueMessage message, CancellationToken cancellationToken) =>
        articles.ProcessAsync(message, cancellationToken);
}
