using Azure;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Articles;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>Articles that cannot be classified at present through no fault of their own.</summary>
public sealed class ArticleDeferralTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    private const string Broken = """{"id":"a","text":"Oil rises.","classifier":"broken"}""";

    [Fact]
    public async Task An_article_whose_model_cannot_be_loaded_is_put_off_without_a_result()
    {
        await PublishBrokenAsync();

        var outcome = await ProcessAsync(Broken);

        Assert.Null(outcome);
        Assert.Null(await Results.FindAsync("broken", "a", CancellationToken));
        Assert.Equal(1, await CountMessagesAsync());
        Assert.Null(await NextMessageAsync()); // not yet visible
    }

    [Fact]
    public async Task An_article_that_is_put_off_on_its_last_attempt_is_not_kept_as_failed()
    {
        await PublishBrokenAsync();

        var outcome = await NewProcessor().ProcessAsync(Message(Broken, Noon, ArticleLimits.Attempts), CancellationToken);

        Assert.Null(outcome);
        Assert.Equal(1, await CountMessagesAsync());
        Assert.Empty((await Failed.ListAsync("broken", 10, null, CancellationToken)).Items);
    }

    [Fact]
    public async Task An_article_that_was_put_off_keeps_the_time_at_which_it_was_enqueued()
    {
        const string body = """{"id":"a","text":"Oil rises.","deferred":{"since":"2026-01-02T11:00:00Z","times":3}}""";

        await ProcessAsync(body);

        Assert.Equal(Noon.AddHours(-1), (await Results.FindAsync("news", "a", CancellationToken))!.InsertedOn);
    }

    [Theory]
    [InlineData("""{"since":"2026-01-02T13:00:00Z","times":1}""")] // later than the message
    [InlineData("""{"since":"soon","times":1}""")]
    [InlineData("\"yes\"")]
    public async Task A_sender_cannot_make_an_article_newer_than_its_message(string deferred)
    {
        await ProcessAsync($$"""{"id":"a","text":"Oil rises.","deferred":{{deferred}}}""");

        Assert.Equal(Noon, (await Results.FindAsync("news", "a", CancellationToken))!.InsertedOn);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 10)]
    [InlineData(4, 80)]
    [InlineData(5, 120)]
    [InlineData(2000, 120)]
    [InlineData(-7, 5)]
    public void The_delay_doubles_up_to_two_minutes(int times, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), ArticleDeferral.Delay(times));
    }

    [Fact]
    public async Task An_article_of_a_classifier_without_a_version_waits_for_the_first_one()
    {
        const string body = """{"id":"a","text":"Oil rises.","classifier":"desk"}""";
        var sentNow = DateTimeOffset.UtcNow;

        var early = await ProcessAsync(body, sentNow);
        await PublishAsync("desk", "v1", 1, "a", "b");
        var later = await ProcessAsync(body, sentNow);

        Assert.Equal((null, WriteOutcome.Created), (early, later));
    }

    [Fact]
    public async Task An_article_that_has_waited_long_enough_for_a_first_version_is_rejected()
    {
        await ProcessAsync("""{"id":"a","text":"Oil rises.","classifier":"desk"}""", DateTimeOffset.UtcNow - Options.FirstVersionWait);

        var result = await Results.FindAsync("desk", "a", CancellationToken);
        Assert.Equal(ClassificationStatus.Rejected, result!.Status);
        Assert.Contains("There is no classifier 'desk'", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, true)]
    [InlineData(404, true)]
    [InlineData(503, true)]
    [InlineData(400, false)]
    [InlineData(413, false)]
    public void Storage_errors_put_an_article_off_unless_its_content_is_the_cause(int status, bool expected)
    {
        var article = ReceivedArticle.From(Message("text", Noon), new ArticleMessage("a") { Text = "text" }, "hash", "news", Noon);
        var deferral = new ArticleDeferral(Sender, Options, TimeProvider.System, NullLogger<ArticleDeferral>.Instance);

        Assert.Equal(expected, deferral.Applies(article, new RequestFailedException(status, "reason")));
        Assert.False(deferral.Applies(article, new InvalidOperationException()));
        Assert.True(deferral.Applies(article, new ModelNotReadyException("reason")));
        Assert.True(deferral.Applies(article, new IOException("The response ended prematurely.")));
        Assert.False(deferral.Applies(article.Reject("reason"), new ModelNotReadyException("reason")));
    }

    private async Task<int> CountMessagesAsync() =>
        (await Storage.Queue("articles").GetPropertiesAsync(CancellationToken)).Value.ApproximateMessagesCount;

    private async Task PublishBrokenAsync()
    {
        await ToyModel.PublishAsync(Registry, "broken", "v1", 1, "a", "b");
        await Storage.Container("models").DeleteBlobAsync("adapters/broken/v1/labels.json", cancellationToken: CancellationToken);
        Options = Options with { LoadWait = TimeSpan.FromSeconds(20) };
        Classifier = NewClassifier();
    }
}
