using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>Articles that failed on every attempt.</summary>
public sealed class PoisonQueueTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    [Fact]
    public async Task The_last_attempt_leaves_its_reason_and_the_poison_queue_adds_nothing()
    {
        await BreakClassifierAsync();
        const string body = """{"id":"a","text":"Oil rises."}""";

        await Assert.ThrowsAsync<ObjectDisposedException>(() => NewProcessor().ProcessAsync(Message(body, Noon, ArticleLimits.Attempts), CancellationToken));
        var outcome = await NewFailures().RecordPoisonAsync(Message(body, Noon.AddMinutes(5)), CancellationToken);

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal((ClassificationStatus.Failed, Noon), (result!.Status, result.InsertedOn));
        Assert.StartsWith("The last of 5 attempts failed: Cannot access a disposed object.", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_article_that_failed_on_every_attempt_has_a_failed_row_until_it_is_sent_again()
    {
        var poison = Message("""{"id":"a","text":"Oil rises."}""", Noon);

        await NewFailures().RecordPoisonAsync(poison, CancellationToken);
        Assert.Equal("failed", Assert.Single(await RowsAsync("classifications")).GetString("Status"));

        await ProcessAsync("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(1));
        Assert.Equal("classified", Assert.Single(await RowsAsync("classifications")).GetString("Status"));
    }

    [Fact]
    public async Task A_failure_that_is_recorded_late_does_not_undo_a_result()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        await NewFailures().RecordPoisonAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(1)), CancellationToken);

        Assert.Equal(ClassificationStatus.Classified, (await Results.FindAsync("news", "a", CancellationToken))!.Status);
    }

    [Fact]
    public async Task Rows_lost_in_a_crash_of_the_last_attempt_are_repaired_by_the_poison_queue()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var row = Assert.Single(await RowsAsync("classifications"));
        await Storage.Table("classifications").DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: CancellationToken);

        var outcome = await NewFailures().RecordPoisonAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(1)), CancellationToken);

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Equal("classified", Assert.Single(await RowsAsync("classifications")).GetString("Status"));
    }

    [Fact]
    public async Task A_failure_that_is_recorded_late_does_not_replace_the_result_of_another_text()
    {
        await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        var late = await NewFailures().RecordPoisonAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(9)), CancellationToken);

        Assert.Equal(WriteOutcome.Stale, late);
        Assert.Equal(Sha256Hex.HashText("Oil falls."), (await Results.FindAsync("news", "a", CancellationToken))!.TextHash);
    }

    [Fact]
    public async Task The_failure_of_a_newer_text_replaces_the_label_of_the_older_one()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        await BreakClassifierAsync();
        var newer = Message("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1), ArticleLimits.Attempts);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => NewProcessor().ProcessAsync(newer, CancellationToken));

        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal((ClassificationStatus.Failed, Sha256Hex.HashText("Oil falls."), true), (result!.Status, result.TextHash, result.Replaced));
    }

    [Fact]
    public async Task A_newer_text_whose_process_ended_in_the_last_attempt_replaces_the_older_one()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var newer = new ArticleMessage("a") { Text = "Oil falls." };
        await Failed.WriteAsync(new FailedArticle(newer, "news", "The process ended.", Noon.AddMinutes(1), Noon.AddMinutes(2)), CancellationToken);

        var outcome = await NewFailures().RecordPoisonAsync(Message("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(9)), CancellationToken);

        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal((WriteOutcome.Replaced, ClassificationStatus.Failed), (outcome!.Value, result!.Status));
        Assert.Equal((Sha256Hex.HashText("Oil falls."), Noon.AddMinutes(1)), (result.TextHash, result.InsertedOn));
    }

    [Fact]
    public async Task A_text_that_fails_without_a_known_time_is_kept_beside_the_standing_result()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        var outcome = await NewFailures().RecordPoisonAsync(Message("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(9)), CancellationToken);

        var kept = Assert.Single((await Failed.ListAsync("news", 10, null, CancellationToken)).Items);
        Assert.Equal((WriteOutcome.Stale, "Oil falls."), (outcome!.Value, kept.Article.Text!));
    }

    [Fact]
    public async Task An_older_copy_of_a_message_replaces_the_record_of_its_failure()
    {
        await NewFailures().RecordPoisonAsync(Message("""{"id":"b","text":"Oil rises."}""", Noon.AddMinutes(9)), CancellationToken);

        await ProcessAsync("""{"id":"b","text":"Oil rises."}""", Noon);

        Assert.Equal(ClassificationStatus.Classified, (await Results.FindAsync("news", "b", CancellationToken))!.Status);
    }

    /// <summary>Makes each forward pass throw an error that does not go away by itself.</summary>
    private async Task BreakClassifierAsync()
    {
        await Classifier.ClassifyAsync("news", "text", CancellationToken);
        await Classifier.DisposeAsync();
    }
}
