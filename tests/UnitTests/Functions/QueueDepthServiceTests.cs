using Serverless.Functions;
using Serverless.Storage;

namespace Serverless.UnitTests.Functions;

public sealed class QueueDepthServiceTests(Emulator emulator)
{
    private readonly JumpingClock clock = new();
    private readonly LogLines<QueueDepthService> log = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Empty_queues_and_articles_that_have_just_come_are_not_logged()
    {
        var storage = await emulator.NewAccountAsync();
        await storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync("{}", CancellationToken);

        await ReportAsync(storage);

        Assert.Empty(log.All);
    }

    [Fact]
    public async Task Articles_that_wait_are_logged_with_their_number_and_the_age_of_the_oldest()
    {
        var storage = await emulator.NewAccountAsync();
        await storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync("{}", CancellationToken);
        await storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync("{}", CancellationToken);
        clock.Jump = TimeSpan.FromMinutes(20);

        await ReportAsync(storage);

        Assert.Matches("^Queue articles has 2 messages, the oldest has waited 12[0-9]{2} s$", Assert.Single(log.All));
    }

    [Theory]
    [InlineData(StorageNames.ArticlesPoisonQueue)]
    [InlineData(StorageNames.TrainingRequestsPoisonQueue)]
    [InlineData(StorageNames.BlobTriggerPoisonQueue)]
    public async Task A_message_of_a_poison_queue_is_logged_at_once(string queue)
    {
        var storage = await emulator.NewAccountAsync();
        await storage.Queue(queue).CreateIfNotExistsAsync(cancellationToken: CancellationToken);
        await storage.Queue(queue).SendMessageAsync("{}", CancellationToken);

        await ReportAsync(storage);

        Assert.StartsWith($"Queue {queue} has 1 messages", Assert.Single(log.All), StringComparison.Ordinal);
    }

    private async Task ReportAsync(StorageClients storage)
    {
        using var service = new QueueDepthService(storage, clock, log);
        await service.ReportAsync(CancellationToken);
    }
}
