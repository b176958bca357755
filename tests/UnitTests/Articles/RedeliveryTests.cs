using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>A message that is delivered more than once, and a new text of an article.</summary>
public sealed class RedeliveryTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    [Fact]
    public async Task A_message_that_is_delivered_twice_is_classified_once()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var first = await Results.FindAsync("news", "a", CancellationToken);
        await Classifier.DisposeAsync(); // a second forward pass would fail

        var outcome = await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Equal(first!.ToJson(), (await Results.FindAsync("news", "a", CancellationToken))!.ToJson());
    }

    [Fact]
    public async Task A_new_text_for_the_same_id_replaces_the_result_and_an_older_one_does_not()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        Assert.Equal(WriteOutcome.Replaced, await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1)));
        Assert.Equal(WriteOutcome.Stale, await ProcessAsync("""{"id":"a","text":"Oil stays."}""", Noon.AddMinutes(-1)));

        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal(Sha256Hex.HashText("Oil falls."), result!.TextHash);
        Assert.True(result.Replaced);
    }

    [Fact]
    public async Task An_equal_text_that_is_sent_again_is_newer_than_a_text_sent_in_between()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        var again = await ProcessAsync("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(2));
        var late = await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        Assert.Equal((WriteOutcome.Duplicate, WriteOutcome.Stale), (again, late));
        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal((Sha256Hex.HashText("Oil rises."), Noon.AddMinutes(2)), (result!.TextHash, result.InsertedOn));
        Assert.Equal(Noon.AddMinutes(2), Assert.Single(await RowsAsync("classifications")).GetDateTimeOffset("InsertedOn"));
    }

    [Fact]
    public async Task A_message_delivered_again_after_its_blob_was_deleted_changes_nothing()
    {
        var texts = new ArticleBlobStore(Storage);
        await texts.WriteAsync("a.txt", "Oil rises.", CancellationToken);
        await ProcessAsync("""{"id":"a","blob":"a.txt"}""");
        await texts.DeleteAsync("a.txt", CancellationToken);

        var outcome = await ProcessAsync("""{"id":"a","blob":"a.txt"}""");

        Assert.Equal(WriteOutcome.Stale, outcome);
        Assert.Equal(ClassificationStatus.Classified, (await Results.FindAsync("news", "a", CancellationToken))!.Status);
    }

    [Theory]
    [InlineData(-24)]
    [InlineData(24)]
    public async Task A_clock_that_jumps_changes_neither_which_article_is_newer_nor_its_result(int hours)
    {
        var clock = new JumpingClock();
        var processor = NewProcessor(clock: clock);
        await processor.ProcessAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon), CancellationToken);
        clock.Jump = TimeSpan.FromHours(hours);

        var again = await processor.ProcessAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon), CancellationToken);
        var newer = await processor.ProcessAsync(Message("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1)), CancellationToken);
        var older = await processor.ProcessAsync(Message("""{"id":"a","text":"Oil rises."}""", Noon), CancellationToken);

        Assert.Equal((WriteOutcome.Duplicate, WriteOutcome.Replaced, WriteOutcome.Stale), (again, newer, older));
        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal(Sha256Hex.HashText("Oil falls."), result!.TextHash);
        Assert.True(result.QueueMilliseconds >= 0);
    }

    [Fact]
    public async Task Concurrent_deliveries_of_a_message_take_one_forward_pass()
    {
        var processor = NewProcessor();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ProcessAsync(processor, """{"id":"a","text":"Oil rises."}""")));

        Assert.Single(outcomes, WriteOutcome.Created);
        Assert.Equal(7, outcomes.Count(outcome => outcome == WriteOutcome.Duplicate));
        Assert.Single(await RowsAsync("recent"));
    }

    [Fact]
    public async Task Two_instances_with_the_same_message_write_one_result()
    {
        var one = NewProcessor();
        var other = NewProcessor(NewClassifier());

        var outcomes = await Task.WhenAll(ProcessAsync(one, """{"id":"a","text":"Oil rises."}"""), ProcessAsync(other, """{"id":"a","text":"Oil rises."}"""));

        Assert.Equal([WriteOutcome.Created, WriteOutcome.Duplicate], outcomes.Order());
        Assert.Single(await RowsAsync("classifications"));
        Assert.Single(await RowsAsync("recent"));
    }

    [Fact]
    public async Task Rows_lost_in_a_crash_are_repaired_by_the_next_delivery_without_a_forward_pass()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var row = Assert.Single(await RowsAsync("classifications"));
        await Storage.Table("classifications").DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: CancellationToken);
        await Classifier.DisposeAsync(); // a second forward pass would fail

        Assert.Equal(WriteOutcome.Duplicate, await ProcessAsync("""{"id":"a","text":"Oil rises."}"""));

        Assert.Single(await RowsAsync("classifications"));
    }
}
