using System.Text.Json;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>Articles of which the model is unsure.</summary>
public sealed class ReviewTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    [Fact]
    public async Task An_article_below_the_threshold_goes_to_the_review_queue_with_its_prediction()
    {
        Options = Options with { ReviewThreshold = 1 };

        await ProcessAsync("""{"id":"a","text":"Oil rises.","source":"wire"}""");

        var result = await Results.FindAsync("news", "a", CancellationToken);
        var message = (await Storage.Queue("articles-review").ReceiveMessageAsync(cancellationToken: CancellationToken)).Value;
        var review = JsonDocument.Parse(message.MessageText).RootElement;
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

        Assert.Null((await Storage.Queue("articles-review").ReceiveMessageAsync(cancellationToken: CancellationToken)).Value);
    }

    [Fact]
    public async Task An_unsure_article_is_in_review_until_its_text_is_replaced_by_a_sure_one()
    {
        Options = Options with { ReviewThresholds = new Dictionary<string, double> { ["news"] = 1 } };
        await ProcessAsync("""{"id":"a","text":"Oil rises.","title":"Oil"}""");
        var marked = (await Results.FindAsync("news", "a", CancellationToken))!.Review;
        var waiting = await Reviews.ListAsync("news", 10, null, CancellationToken);

        Options = Options with { ReviewThresholds = new Dictionary<string, double> { ["desk"] = 1 } };
        await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        Assert.True(marked);
        Assert.Equal("Oil rises.", Assert.Single(waiting.Items).Text);
        Assert.False((await Results.FindAsync("news", "a", CancellationToken))!.Review);
        Assert.Empty((await Reviews.ListAsync("news", 10, null, CancellationToken)).Items);
    }

    [Fact]
    public async Task A_review_entry_left_by_a_crash_is_removed_by_the_next_delivery()
    {
        Options = Options with { ReviewThreshold = 1 };
        await ProcessAsync("""{"id":"a","text":"Oil rises."}""");
        await Results.WriteAsync(ResultOfOilFalls(), CancellationToken);
        var waiting = await Reviews.ListAsync("news", 10, null, CancellationToken);

        var outcome = await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        Assert.Equal("Oil rises.", Assert.Single(waiting.Items).Text);
        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Empty((await Reviews.ListAsync("news", 10, null, CancellationToken)).Items);
    }

    [Fact]
    public async Task A_text_superseded_during_its_forward_pass_is_not_in_review()
    {
        Options = Options with { ReviewThreshold = 1 };
        using var clock = new PausingClock(call: 2); // the first is the arrival, the second follows the forward pass
        var superseded = Task.Run(() => ProcessAsync(NewProcessor(clock: clock), """{"id":"a","text":"Oil rises."}"""), CancellationToken);
        await clock.Paused;

        await Results.WriteAsync(ResultOfOilFalls(), CancellationToken);
        clock.Resume();

        Assert.Equal(WriteOutcome.Stale, await superseded);
        Assert.Empty((await Reviews.ListAsync("news", 10, null, CancellationToken)).Items);
    }

    [Fact]
    public async Task An_unsure_article_with_a_very_long_title_and_text_is_in_review()
    {
        Options = Options with { ReviewThreshold = 1 };
        var article = new ArticleMessage("a") { Text = new string('x', 33_000), Title = new string('t', 33_000), Source = new string('s', 33_000) };
        await new ArticleBlobStore(Storage).WriteAsync("a.txt", article.Text, CancellationToken);

        var outcome = await ProcessAsync((article with { Text = null, Blob = "a.txt", Source = null, Title = article.Title[..33_000] }).ToJson());

        Assert.Equal(WriteOutcome.Created, outcome);
        Assert.Equal(33_000, Assert.Single((await Reviews.ListAsync("news", 10, null, CancellationToken)).Items).Text.Length);
        Assert.NotNull((await Storage.Queue("articles-review").ReceiveMessageAsync(cancellationToken: CancellationToken)).Value);
    }

    /// <summary>The result of the article's next text, as another instance wrote it.</summary>
    private static ClassificationResult ResultOfOilFalls() => new()
    {
        Id = "a",
        Classifier = "news",
        Status = ClassificationStatus.Classified,
        TextHash = Sha256Hex.HashText("Oil falls."),
        InsertedOn = Noon.AddMinutes(1),
        CompletedAt = DateTimeOffset.UtcNow,
    };
}
