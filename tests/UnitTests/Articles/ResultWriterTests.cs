using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>Results on the queue 'articles-results'.</summary>
public sealed class ResultWriterTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    private const string Body = """{"id":"a","text":"Oil rises."}""";

    [Fact]
    public async Task No_result_is_sent_unless_the_setting_says_so()
    {
        await ProcessAsync(Body);

        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task A_result_is_sent_as_it_is_stored()
    {
        Options = Options with { ResultsQueue = true };

        await ProcessAsync(Body);

        var stored = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal(stored!.ToJson(), Assert.Single(await ReceiveAsync()).ToJson());
    }

    [Fact]
    public async Task Rejected_and_failed_results_are_sent_too()
    {
        Options = Options with { ResultsQueue = true };

        await ProcessAsync("""{"id":"a","text":""}""");
        await NewFailures().RecordPoisonAsync(Message("""{"id":"b","text":"Oil rises."}""", Noon), CancellationToken);

        Assert.Equal([ClassificationStatus.Rejected, ClassificationStatus.Failed], (await ReceiveAsync()).Select(result => result.Status).Order());
    }

    [Fact]
    public async Task A_replaced_result_is_sent_and_says_so()
    {
        Options = Options with { ResultsQueue = true };
        await ProcessAsync(Body);
        await ReceiveAsync();

        await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        var result = Assert.Single(await ReceiveAsync());
        Assert.Equal((Sha256Hex.HashText("Oil falls."), true), (result.TextHash, result.Replaced));
    }

    [Fact]
    public async Task An_equal_text_that_is_sent_again_sends_no_result()
    {
        Options = Options with { ResultsQueue = true };
        await ProcessAsync(Body);
        await ReceiveAsync();

        await ProcessAsync(Body, Noon.AddMinutes(1));

        Assert.Empty(await ReceiveAsync());
    }

    [Theory]
    [InlineData(Body, 2)]
    [InlineData("""{"id":"a","text":"Oil rises.","deferred":{"since":"2026-01-02T12:00:00Z","times":1}}""", 1)]
    public async Task A_redelivery_sends_the_result_again_since_the_first_may_have_ended_before(string body, int attempt)
    {
        await ProcessAsync(Body);
        Options = Options with { ResultsQueue = true };

        await NewProcessor().ProcessAsync(Message(body, Noon, attempt), CancellationToken);

        Assert.Equal("a", Assert.Single(await ReceiveAsync()).Id);
    }

    [Fact]
    public async Task A_result_too_long_for_a_message_is_sent_without_its_probabilities()
    {
        Options = Options with { ResultsQueue = true };
        var title = new string('t', 41_000);

        await ProcessAsync($$"""{"id":"a","text":"Oil rises.","title":"{{title}}"}""");

        var result = Assert.Single(await ReceiveAsync());
        Assert.Equal((1000, null), (result.Title!.Length, result.Probabilities));
    }

    private async Task<List<ClassificationResult>> ReceiveAsync()
    {
        var queue = Storage.Queue(StorageNames.ArticlesResultsQueue);
        var results = new List<ClassificationResult>();
        while ((await queue.ReceiveMessageAsync(cancellationToken: CancellationToken)).Value is { } message)
        {
            results.Add(ClassificationResult.Parse(message.Body));
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, CancellationToken);
        }

        return results;
    }
}
