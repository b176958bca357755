using System.Diagnostics;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Articles;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Benchmarks.Serving;

/// <summary>Articles a second through the queue, with the starter model and with a fixed prediction.</summary>
/// <param name="Whole">Receiving, classifying, writing blob and rows, deleting.</param>
/// <param name="WithoutModel">The same without classifying.</param>
internal sealed record QueueBenchmark(double Whole, double WithoutModel)
{
    private const int MaxMessages = 24; // host.json: batchSize 16 and newBatchThreshold 8

    public static async Task<QueueBenchmark> RunAsync(IReadOnlyList<string> articles, CancellationToken cancellationToken)
    {
        var root = Directory.CreateTempSubdirectory("serverless-queue-");
        try
        {
            await using var account = await Account.StartAsync(root.FullName, cancellationToken);
            var services = account.Services;
            await services.GetRequiredService<StarterModel>().EnsureAsync(StarterModel.Folder, cancellationToken);
            var classifier = services.GetRequiredService<ArticleClassifier>();
            var prediction = await classifier.ClassifyAsync(null, articles[0], cancellationToken); // loads the model
            while (!classifier.Status.Classifiers[0].Merged)
            {
                await Task.Delay(50, cancellationToken);
            }

            var (processor, results) = (services.GetRequiredService<ArticleProcessor>(), services.GetRequiredService<ResultStore>());
            var whole = await RateAsync("classified", message => processor.ProcessAsync(message, cancellationToken));
            var without = await RateAsync("fixed", message => WriteFixedAsync(message, results, prediction, cancellationToken));
            return new QueueBenchmark(whole, without);

            async Task<double> RateAsync(string name, Func<QueueMessage, Task> handle)
            {
                var sender = services.GetRequiredService<ArticleSender>();
                await Parallel.ForAsync(0, articles.Count, cancellationToken, async (i, cancel) =>
                    await sender.SendAsync(new ArticleMessage($"{name}-{i}") { Text = articles[i] }, cancel));
                var begin = Stopwatch.GetTimestamp();
                var queue = services.GetRequiredService<StorageClients>().Queue(StorageNames.ArticlesQueue);
                await DrainAsync(queue, articles.Count, handle, cancellationToken);
                return articles.Count / Stopwatch.GetElapsedTime(begin).TotalSeconds;
            }
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static async Task WriteFixedAsync(QueueMessage message, ResultStore results, Prediction prediction, CancellationToken cancellationToken)
    {
        var (id, hash) = (message.MessageId, Sha256Hex.HashText(message.MessageId));
        if (await results.TryReuseExistingAsync("news", id, hash, message.InsertedOn!.Value, cancellationToken) is null)
        {
            await results.WriteAsync(new ClassificationResult
            {
                Id = id,
                Classifier = "news",
                Status = ClassificationStatus.Classified,
                Label = prediction.Label,
                Score = prediction.Score,
                Probabilities = prediction.Probabilities,
                ModelVersion = prediction.ModelVersion,
                TextHash = hash,
                InsertedOn = message.InsertedOn,
                CompletedAt = DateTimeOffset.UtcNow,
            }, cancellationToken);
        }
    }

    /// <summary>Processes a queue as the Functions host does: receives a new batch as soon as enough of the last one is completed.</summary>
    private static async Task DrainAsync(QueueClient queue, int count, Func<QueueMessage, Task> handle, CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        for (var received = 0; received < count;)
        {
            while (running.Count > MaxMessages - 16)
            {
                await await Task.WhenAny(running);
                running.RemoveAll(task => task.IsCompleted);
            }

            var messages = (await queue.ReceiveMessagesAsync(16, TimeSpan.FromMinutes(2), cancellationToken)).Value;
            received += messages.Length;
            running.AddRange(messages.Select(message => Task.Run(async () =>
            {
                await handle(message);
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
            }, cancellationToken)));
        }

        await Task.WhenAll(running);
    }
}
