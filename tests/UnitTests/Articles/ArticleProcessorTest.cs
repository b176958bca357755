using Azure.Data.Tables;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Articles;
using Serverless.Reviews;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.UnitTests.Serving;

namespace Serverless.UnitTests.Articles;

/// <summary>What tests of the article processor share: a published classifier, and a processor with the current options.</summary>
public abstract class ArticleProcessorTest(Emulator emulator) : ServingTest(emulator)
{
    private protected static DateTimeOffset Noon { get; } = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private protected ArticleClassifier Classifier { get; set; } = null!;

    private protected ResultStore Results { get; private set; } = null!;

    private protected ReviewStore Reviews { get; private set; } = null!;

    private protected ArticleSender Sender { get; private set; } = null!;

    private protected FailedArticleStore Failed { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await PublishAsync("news", "v1", 1, "World", "Sports", "Business");
        Options = Options with { ReviewThreshold = 0 };
        Classifier = NewClassifier();
        Results = new ResultStore(Storage);
        Sender = new ArticleSender(Storage, new ArticleBlobStore(Storage));
        Failed = new FailedArticleStore(Storage, Sender);
        Reviews = new ReviewStore(Storage, new ArticleBlobStore(Storage), TimeProvider.System);
    }

    private protected Task<WriteOutcome?> ProcessAsync(string body, DateTimeOffset? insertedOn = null) =>
        ProcessAsync(NewProcessor(), body, insertedOn);

    private protected static Task<WriteOutcome?> ProcessAsync(ArticleProcessor processor, string body, DateTimeOffset? insertedOn = null) =>
        processor.ProcessAsync(Message(body, insertedOn ?? Noon), CancellationToken);

    private protected ArticleProcessor NewProcessor(
        ArticleClassifier? other = null, TimeProvider? clock = null, ILogger<ArticleProcessor>? log = null)
    {
        return new ArticleProcessor(
            NewReader(clock),
            other ?? Classifier,
            NewWriter(),
            new ArticleReviews(Reviews, Sender, Results, Options),
            NewDeferral(clock),
            NewFailures(clock),
            clock ?? TimeProvider.System,
            log ?? NullLogger<ArticleProcessor>.Instance);
    }

    private protected ArticleFailures NewFailures(TimeProvider? clock = null) =>
        new(NewReader(clock), Failed, Results, NewWriter(), NewDeferral(clock), clock ?? TimeProvider.System, NullLogger<ArticleFailures>.Instance);

    private protected static QueueMessage Message(string body, DateTimeOffset insertedOn, int dequeueCount = 1) =>
        Message(BinaryData.FromString(body), insertedOn, dequeueCount);

    /// <summary>A message as the Functions host delivers it: in Base64, as its sender wrote it.</summary>
    private protected static QueueMessage Message(BinaryData body, DateTimeOffset insertedOn, int dequeueCount = 1) =>
        QueuesModelFactory.QueueMessage("id", "receipt", Convert.ToBase64String(body), dequeueCount, insertedOn: insertedOn);

    /// <summary>The next message of the queue 'articles', as the Functions host delivers it; null if none is visible.</summary>
    private protected async Task<ArticleMessage?> NextMessageAsync()
    {
        var message = (await Storage.Queue("articles").ReceiveMessageAsync(cancellationToken: CancellationToken)).Value;
        return message is not null && ArticleMessage.TryParse(message.Body.ToString(), out var article, out _) ? article : null;
    }

    private protected async Task<List<TableEntity>> RowsAsync(string table) =>
        await Storage.Table(table).QueryAsync<TableEntity>(cancellationToken: CancellationToken).ToListAsync(CancellationToken);

    private ResultWriter NewWriter() => new(Results, Storage, Options);

    private ArticleMessageReader NewReader(TimeProvider? clock) => new(new ArticleBlobStore(Storage), Options, clock ?? TimeProvider.System);

    private ArticleDeferral NewDeferral(TimeProvider? clock) => new(Sender, Options, clock ?? TimeProvider.System, NullLogger<ArticleDeferral>.Instance);
}
