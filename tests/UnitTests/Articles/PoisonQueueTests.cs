using Serverless.Articles;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>Articles that failed on every attempt.</summary>
public sealed class PoisonQueueTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    [Fact]
    public async Task The_last_attempt_leaves_its_reason_and_the_poison_queue_adds_nothing()
    {
        await ToyModel.PublishAsync(Registry, "broken", "v1", 1, "a", "b");
        await Storage.Container("models").DeleteBlobAsync("adapters/broken/v1/labels.json", cancellationToken: CancellationToken);
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };
        Classifier = NewClassifier();
        await LetLoadFailAsync(Classifier, "broken");
        var body = BinaryData.FromString("""{"id":"a","text":"x","classifier":"broken"}""");

        await Assert.ThrowsAsync<ModelNotReadyException>(() => NewProcessor().ProcessAsync(Message(body, Noon, ArticleLimits.Attempts), CancellationToken));
        var outcome = await NewProcessor().RecordFailureAsync(Message(body, Noon.AddMinutes(5)), CancellationToken);

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        var result = await Results.FindAsync("broken", "a", CancellationToken);
        Assert.Equal(ClassificationStatus.Failed, result!.Status);
        Assert.Contains("labels.json", result.Reason);
    }

    [Fact]
    public async Task An_article_that_failed_on_every_attempt_has_a_failed_row_until_it_is_sent_again()
    {
        var poison = Message("""{"id":"a","text":"Oil rises."}""", Noon);

        await NewProcessor().RecordFailureAsync(poison, CancellationToken);
        Assert.Equal("failed", Assert.Single(await RowsAsync("classifications")).GetString("Status"));

        await ProcessAsync("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(1));
        Assert.Equal("classified", Assert.Single(await RowsAsync("classifications")).GetString("Status"));
    }

    [Fact]
    public async Task A_failure_that_is_recorded_late_does_not_undo_a_result()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        await NewProcessor().RecordFailureAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(1)), CancellationToken);

        Assert.Equal(ClassificationStatus.Classified, (await Results.FindAsync("news", "a", CancellationToken))!.Status);
    }

    [Fact]
    public async Task Rows_lost_in_a_crash_of_the_last_attempt_are_repaired_by_the_poison_queue()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var row = Assert.Single(await RowsAsync("classifications"));
        await Storage.Table("classifications").DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: CancellationToken);

        var outcome = await NewProcessor().RecordFailureAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(1)), CancellationToken);

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Equal("classified", Assert.Single(await RowsAsync("classifications")).GetString("Status"));
    }

    [Fact]
    public async Task A_failure_that_is_recorded_late_does_not_replace_the_result_of_another_text()
    {
        await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        var late = await NewProcessor().RecordFailureAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(9)), CancellationToken);

        Assert.Equal(WriteOutcome.Stale, late);
        Assert.Equal(Sha256Hex.OfText("Oil falls."), (await Results.FindAsync("news", "a", CancellationToken))!.TextHash);
    }

    [Fact]
    public async Task An_older_copy_of_a_message_replaces_the_record_of_its_failure()
    {
        await NewProcessor().RecordFailureAsync(Message("""{"id":"b","text":"Oil rises."}""", Noon.AddMinutes(9)), CancellationToken);

        await ProcessAsync("""{"id":"b","text":"Oil rises."}""", Noon);

        Assert.Equal(ClassificationStatus.Classified, (await Results.FindAsync("news", "b", CancellationToken))!.Status);
    }
}
