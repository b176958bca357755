using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Articles;
using Serverless.Reviews;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.UnitTests.Serving;

namespace Serverless.UnitTests.Articles;

public sealed class ArticleProcessorTests(Emulator emulator) : ServingTest(emulator)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly JsonElement HostJson = JsonDocument.Parse(Repository.Read("host.json")).RootElement;

    private ArticleClassifier classifier = null!;
    private ResultStore results = null!;
    private ReviewStore reviews = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await UploadBaseAsync();
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "World", "Sports", "Business");
        Options = Options with { ReviewThreshold = 0 };
        classifier = NewClassifier();
        results = new ResultStore(Storage);
    }

    [Fact]
    public async Task An_article_on_the_queue_becomes_a_classified_result()
    {
        var outcome = await ProcessAsync("""{"id":"a","text":"rises.","title":"Oil","source":"wire"}""");

        var result = await results.FindAsync("news", "a", Cancel);
        Assert.Equal(WriteOutcome.Created, outcome);
        Assert.Equal(ClassificationStatus.Classified, result!.Status);
        var answer = await classifier.ClassifyAsync("news", "Oil rises.", Cancel);
        Assert.Equal((answer.Label, "v1", 11, false), (result.Label, result.ModelVersion, result.Tokens, result.Truncated));
        Assert.Equal(Sha256Hex.OfText("Oil rises."), result.TextHash);
        Assert.Equal(("Oil", "wire", Noon), (result.Title, result.Source, result.InsertedOn));
        Assert.True(result.ForwardMilliseconds > 0 && result.WaitMilliseconds >= 0 && result.QueueMilliseconds > 0);
    }

    [Fact]
    public async Task A_message_that_comes_twice_is_classified_once()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var first = await results.FindAsync("news", "a", Cancel);
        classifier.Dispose(); // a second forward pass would fail

        var outcome = await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Equal(first!.ToJson(), (await results.FindAsync("news", "a", Cancel))!.ToJson());
    }

    [Fact]
    public async Task A_new_text_for_the_same_id_replaces_the_result_and_an_older_one_does_not()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        Assert.Equal(WriteOutcome.Replaced, await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1)));
        Assert.Equal(WriteOutcome.Stale, await ProcessAsync("""{"id":"a","text":"Oil stays."}""", Noon.AddMinutes(-1)));

        var result = await results.FindAsync("news", "a", Cancel);
        Assert.Equal(Sha256Hex.OfText("Oil falls."), result!.TextHash);
        Assert.True(result.Replaced);
    }

    [Fact]
    public async Task A_text_that_lies_in_a_blob_is_fetched()
    {
        await new ArticleBlobStore(Storage).WriteAsync("a/long.txt", "Oil rises.", Cancel);

        await ProcessAsync("""{"id":"a","blob":"a/long.txt"}""");

        Assert.Equal(Sha256Hex.OfText("Oil rises."), (await results.FindAsync("news", "a", Cancel))!.TextHash);
    }

    [Theory]
    [InlineData("""{"id":"a","blob":"gone.txt"}""", "There is no blob 'gone.txt'")]
    [InlineData("""{"id":"a","text":""}""", "no text")]
    [InlineData("""{"id":"a","text":"x","classifier":"nobody"}""", "There is no classifier 'nobody'")]
    public async Task A_permanent_fault_becomes_a_rejected_row_and_no_error(string body, string reason)
    {
        var outcome = await ProcessAsync(body);

        Assert.Equal(WriteOutcome.Created, outcome);
        var row = Assert.Single(await Rows("classifications"));
        Assert.Equal(("a", "rejected"), (row.GetString("Id"), row.GetString("Status")));
        Assert.Contains(reason, row.GetString("Reason"));
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_rejected_under_the_hash_of_its_bytes()
    {
        byte[] latin = Encoding.Latin1.GetBytes("Tränen");

        await Processor().ProcessAsync(Message(BinaryData.FromBytes(latin), Noon), Cancel);

        var result = await results.FindAsync("news", Sha256Hex.OfBytes(latin), Cancel);
        Assert.Equal(ClassificationStatus.Rejected, result!.Status);
        Assert.Contains("not UTF-8", result.Reason);
    }

    [Theory]
    [InlineData(-24)]
    [InlineData(24)]
    public async Task A_clock_that_jumps_changes_neither_which_article_is_newer_nor_what_was_answered(int hours)
    {
        var clock = new JumpingClock();
        var processor = Processor(clock: clock);
        await processor.ProcessAsync(Message(BinaryData.FromString("""{"id":"a","text":"Oil rises."}"""), Noon), Cancel);
        clock.Jump = TimeSpan.FromHours(hours);

        var again = await processor.ProcessAsync(Message(BinaryData.FromString("""{"id":"a","text":"Oil rises."}"""), Noon), Cancel);
        var newer = await processor.ProcessAsync(Message(BinaryData.FromString("""{"id":"a","text":"Oil falls."}"""), Noon.AddMinutes(1)), Cancel);
        var older = await processor.ProcessAsync(Message(BinaryData.FromString("""{"id":"a","text":"Oil rises."}"""), Noon), Cancel);

        Assert.Equal((WriteOutcome.Duplicate, WriteOutcome.Replaced, WriteOutcome.Stale), (again, newer, older));
        var result = await results.FindAsync("news", "a", Cancel);
        Assert.Equal(Sha256Hex.OfText("Oil falls."), result!.TextHash);
        Assert.True(result.QueueMilliseconds >= 0);
    }

    [Fact]
    public async Task A_rejected_article_that_is_sent_again_and_right_is_classified()
    {
        await ProcessAsync("""{"id":"a","blob":"late.txt"}""");
        await new ArticleBlobStore(Storage).WriteAsync("late.txt", "Oil rises.", Cancel);

        await ProcessAsync("""{"id":"a","blob":"late.txt"}""", Noon.AddMinutes(1));

        Assert.Equal(ClassificationStatus.Classified, (await results.FindAsync("news", "a", Cancel))!.Status);
    }

    [Fact]
    public async Task A_fault_of_ours_is_thrown_so_that_the_queue_delivers_again()
    {
        await ToyModel.PublishAsync(Registry, "broken", "v1", 1, "a", "b");
        await Storage.Container("models").DeleteBlobAsync("adapters/broken/v1/labels.json", cancellationToken: Cancel);
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };
        classifier = NewClassifier();

        await Assert.ThrowsAsync<ModelNotReadyException>(() => ProcessAsync("""{"id":"a","text":"x","classifier":"broken"}"""));

        Assert.Null(await results.FindAsync("broken", "a", Cancel));
    }

    [Fact]
    public async Task An_article_below_the_threshold_goes_to_the_review_queue_with_what_the_model_made_of_it()
    {
        Options = Options with { ReviewThreshold = 1 };

        await ProcessAsync("""{"id":"a","text":"Oil rises.","source":"wire"}""");

        var result = await results.FindAsync("news", "a", Cancel);
        var review = JsonDocument.Parse((await Storage.Queue("articles-review").ReceiveMessageAsync(cancellationToken: Cancel)).Value.MessageText).RootElement;
        Assert.Equal("a", review.GetProperty("id").GetString());
        Assert.Equal("Oil rises.", review.GetProperty("text").GetString());
        Assert.Equal("news", review.GetProperty("classifier").GetString());
        Assert.Equal(result!.Label, review.GetProperty("label").GetString());
        Assert.Equal(result.Score, review.GetProperty("score").GetDouble());
    }

    [Fact]
    public async Task An_article_above_the_threshold_needs_no_review()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        Assert.Null((await Storage.Queue("articles-review").ReceiveMessageAsync(cancellationToken: Cancel)).Value);
    }

    [Fact]
    public async Task The_last_attempt_leaves_its_reason_and_the_poison_queue_adds_nothing()
    {
        await ToyModel.PublishAsync(Registry, "broken", "v1", 1, "a", "b");
        await Storage.Container("models").DeleteBlobAsync("adapters/broken/v1/labels.json", cancellationToken: Cancel);
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };
        classifier = NewClassifier();
        await LetLoadFailAsync(classifier, "broken");
        var body = BinaryData.FromString("""{"id":"a","text":"x","classifier":"broken"}""");

        await Assert.ThrowsAsync<ModelNotReadyException>(() => Processor().ProcessAsync(Message(body, Noon, ArticleLimits.Attempts), Cancel));
        var outcome = await Processor().RecordFailureAsync(Message(body, Noon.AddMinutes(5)), Cancel);

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        var result = await results.FindAsync("broken", "a", Cancel);
        Assert.Equal(ClassificationStatus.Failed, result!.Status);
        Assert.Contains("labels.json", result.Reason);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_yet_is_waited_for_inside_the_attempt()
    {
        Options = Options with { Base = "tests/late" };
        classifier = NewClassifier();
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "late"), 1, "a", "b");
        await Registry.UploadVersionAsync("late", "v1", Path.Combine(Folder.Path, "late"), "tests/late", null, null, Cancel);
        await Registry.PublishAsync("late", "v1", expected: null, Cancel);
        var waiting = ProcessAsync("""{"id":"early","text":"Oil rises.","classifier":"late"}""");
        await Until(() => classifier.Status.State == ModelState.Failed);

        await Registry.UploadBaseAsync("tests/late", Path.Combine(Folder.Path, "base"), Cancel);

        Assert.Equal(WriteOutcome.Created, await waiting);
        Assert.Equal("v1", (await results.FindAsync("late", "early", Cancel))!.ModelVersion);
    }

    [Fact]
    public void The_timeout_of_host_json_is_longer_than_any_wait_for_a_model()
    {
        Assert.True(TimeSpan.Parse(HostJson.GetProperty("functionTimeout").GetString()!, CultureInfo.InvariantCulture) >= 3 * TimeSpan.FromMinutes(3));
        Assert.Throws<InvalidOperationException>(() => ClassifierOptions.Read(
            new ConfigurationBuilder().AddInMemoryCollection([new("Classifier:LoadWait", "00:03:01")]).Build()));
    }

    [Fact]
    public void The_number_of_attempts_is_the_one_of_host_json()
    {
        Assert.Equal(ArticleLimits.Attempts, HostJson.GetProperty("extensions").GetProperty("queues").GetProperty("maxDequeueCount").GetInt32());
    }

    [Fact]
    public async Task An_article_that_failed_on_every_attempt_has_a_failed_row_until_it_is_sent_again()
    {
        var poison = Message(BinaryData.FromString("""{"id":"a","text":"Oil rises."}"""), Noon);

        await Processor().RecordFailureAsync(poison, Cancel);
        Assert.Equal("failed", Assert.Single(await Rows("classifications")).GetString("Status"));

        await ProcessAsync("""{"id":"a","text":"Oil rises."}""", Noon.AddMinutes(1));
        Assert.Equal("classified", Assert.Single(await Rows("classifications")).GetString("Status"));
    }

    [Fact]
    public async Task A_failure_that_is_recorded_late_does_not_undo_a_result()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");

        await Processor().RecordFailureAsync(Message(BinaryData.FromString("""{"id":"a","text":"Oil rises."}"""), Noon.AddMinutes(1)), Cancel);

        Assert.Equal(ClassificationStatus.Classified, (await results.FindAsync("news", "a", Cancel))!.Status);
    }

    [Fact]
    public async Task The_same_message_twice_at_the_same_moment_takes_one_forward_pass()
    {
        var processor = Processor();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ProcessAsync(processor, """{"id":"a","text":"Oil rises."}""")));

        Assert.Single(outcomes, WriteOutcome.Created);
        Assert.Equal(7, outcomes.Count(outcome => outcome == WriteOutcome.Duplicate));
        Assert.Single(await Rows("recent"));
    }

    [Fact]
    public async Task Two_instances_with_the_same_message_write_one_result()
    {
        var one = Processor();
        var other = Processor(NewClassifier());

        var outcomes = await Task.WhenAll(ProcessAsync(one, """{"id":"a","text":"Oil rises."}"""), ProcessAsync(other, """{"id":"a","text":"Oil rises."}"""));

        Assert.Equal([WriteOutcome.Created, WriteOutcome.Duplicate], outcomes.Order());
        Assert.Single(await Rows("classifications"));
        Assert.Single(await Rows("recent"));
    }

    [Fact]
    public async Task A_crash_between_the_rows_and_the_result_is_mended_by_the_next_delivery_without_a_forward_pass()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var row = Assert.Single(await Rows("classifications"));
        await Storage.Table("classifications").DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: Cancel);
        classifier.Dispose(); // a second forward pass would fail

        Assert.Equal(WriteOutcome.Duplicate, await ProcessAsync("""{"id":"a","text":"Oil rises."}"""));

        Assert.Single(await Rows("classifications"));
    }

    [Fact]
    public async Task A_crash_between_the_rows_and_the_result_in_the_last_attempt_is_mended_by_the_poison_queue()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        var row = Assert.Single(await Rows("classifications"));
        await Storage.Table("classifications").DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: Cancel);

        var outcome = await Processor().RecordFailureAsync(Message(BinaryData.FromString("""{"id":"a","text":"Oil rises."}"""), Noon.AddMinutes(1)), Cancel);

        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Equal("classified", Assert.Single(await Rows("classifications")).GetString("Status"));
    }

    [Fact]
    public async Task A_late_poison_record_does_not_replace_the_result_of_another_text_and_a_resent_article_replaces_the_record()
    {
        await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));
        var late = await Processor().RecordFailureAsync(Message(BinaryData.FromString("""{"id":"a","text":"Oil rises."}"""), Noon.AddMinutes(9)), Cancel);
        await Processor().RecordFailureAsync(Message(BinaryData.FromString("""{"id":"b","text":"Oil rises."}"""), Noon.AddMinutes(9)), Cancel);

        // The second copy of a message, older than the record of its failure in the poison queue.
        await ProcessAsync("""{"id":"b","text":"Oil rises."}""", Noon);

        Assert.Equal(WriteOutcome.Stale, late);
        Assert.Equal(Sha256Hex.OfText("Oil falls."), (await results.FindAsync("news", "a", Cancel))!.TextHash);
        Assert.Equal(ClassificationStatus.Classified, (await results.FindAsync("news", "b", Cancel))!.Status);
    }

    [Fact]
    public async Task A_message_that_is_not_base64_is_rejected_with_the_advice_to_encode_it()
    {
        await Processor().ProcessAsync(QueuesModelFactory.QueueMessage("id", "receipt", """{"id":"a","text":"Oil rises."}""", 1, insertedOn: Noon), Cancel);

        var row = Assert.Single(await Rows("classifications"));
        Assert.Equal("rejected", row.GetString("Status"));
        Assert.Contains("Base64", row.GetString("Reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unsure_article_is_marked_and_waits_for_a_person_until_its_text_is_replaced_by_a_sure_one()
    {
        Options = Options with { ReviewThresholds = new Dictionary<string, double> { ["news"] = 1 } };
        await ProcessAsync("""{"id":"a","text":"Oil rises.","title":"Oil"}""");
        var marked = (await results.FindAsync("news", "a", Cancel))!.Review;
        var waiting = await reviews.ListAsync("news", 10, null, Cancel);

        Options = Options with { ReviewThresholds = new Dictionary<string, double> { ["desk"] = 1 } };
        await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        Assert.True(marked);
        Assert.Equal("Oil rises.", Assert.Single(waiting.Items).Text);
        Assert.False((await results.FindAsync("news", "a", Cancel))!.Review);
        Assert.Empty((await reviews.ListAsync("news", 10, null, Cancel)).Items);
    }

    [Fact]
    public async Task A_crash_between_a_result_and_the_withdrawal_of_the_text_before_is_mended_by_the_next_delivery()
    {
        Options = Options with { ReviewThreshold = 1 };
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        await results.WriteAsync(OfFallingOil(), Cancel);
        var waiting = await reviews.ListAsync("news", 10, null, Cancel);

        var outcome = await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        Assert.Equal("Oil rises.", Assert.Single(waiting.Items).Text);
        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Empty((await reviews.ListAsync("news", 10, null, Cancel)).Items);
    }

    [Fact]
    public async Task A_text_that_a_newer_one_overtook_during_its_forward_pass_does_not_wait_for_a_person()
    {
        Options = Options with { ReviewThreshold = 1 };
        var labels = await ReplaceAsync("adapters/news/v1/labels.json", "spoilt");
        var overtaken = ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        await Until(() => classifier.Status.State == ModelState.Failed);

        await results.WriteAsync(OfFallingOil(), Cancel);
        await ReplaceAsync("adapters/news/v1/labels.json", labels);

        Assert.Equal(WriteOutcome.Stale, await overtaken);
        Assert.Empty((await reviews.ListAsync("news", 10, null, Cancel)).Items);
    }

    [Fact]
    public async Task Results_are_listed_newest_first_page_by_page_as_they_are_found()
    {
        for (var i = 0; i < 5; i++)
        {
            await ProcessAsync($$"""{"id":"a{{i}}","text":"Oil rises {{i}}.","title":"Oil"}""");
        }

        var first = await results.ListAsync("news", 3, null, Cancel);
        var second = await results.ListAsync("news", 3, first.Continuation, Cancel);

        Assert.Equal(["a4", "a3", "a2", "a1", "a0"], first.Items.Concat(second.Items).Select(result => result.Id));
        Assert.Null(second.Continuation);
        Assert.Equal((await results.FindAsync("news", "a4", Cancel))!.ToJson(), first.Items[0].ToJson());
    }

    [Fact]
    public async Task A_result_is_logged_with_its_article_the_version_and_how_long_it_took_and_without_its_text()
    {
        var log = new LogLines<ArticleProcessor>();

        await ProcessAsync(Processor(log: log), """{"id":"logged-1","text":"Oil rises."}""");

        var line = Assert.Single(log.All);
        Assert.Matches("^Article logged-1 of news is .* by v1, [0-9]+ ms after it arrived: Created$", line);
        Assert.DoesNotContain("Oil", line, StringComparison.Ordinal);
    }

    private Task<WriteOutcome> ProcessAsync(string body, DateTimeOffset? insertedOn = null) =>
        ProcessAsync(Processor(), body, insertedOn);

    private static Task<WriteOutcome> ProcessAsync(ArticleProcessor processor, string body, DateTimeOffset? insertedOn = null) =>
        processor.ProcessAsync(Message(BinaryData.FromString(body), insertedOn ?? Noon), Cancel);

    /// <summary>What another instance made of the article's next text.</summary>
    private static ClassificationResult OfFallingOil() => new()
    {
        Id = "a",
        Classifier = "news",
        Status = ClassificationStatus.Classified,
        TextHash = Sha256Hex.OfText("Oil falls."),
        InsertedOn = Noon.AddMinutes(1),
        CompletedAt = DateTimeOffset.UtcNow,
    };

    private ArticleProcessor Processor(ArticleClassifier? other = null, TimeProvider? clock = null, ILogger<ArticleProcessor>? log = null)
    {
        var texts = new ArticleBlobStore(Storage);
        reviews = new ReviewStore(Storage, texts, TimeProvider.System);
        return new ArticleProcessor(
            new ArticleMessageReader(texts, Options), other ?? classifier, new ArticleSender(Storage, texts), reviews, results, Options, clock ?? TimeProvider.System, log ?? NullLogger<ArticleProcessor>.Instance);
    }

    /// <summary>A message as the host hands it over: Base64, as its sender wrote it.</summary>
    private static QueueMessage Message(BinaryData body, DateTimeOffset insertedOn, int dequeueCount = 1) =>
        QueuesModelFactory.QueueMessage("id", "receipt", Convert.ToBase64String(body), dequeueCount, insertedOn: insertedOn);

    private async Task<List<TableEntity>> Rows(string table) =>
        await Storage.Table(table).QueryAsync<TableEntity>(cancellationToken: Cancel).ToListAsync(Cancel);
}
