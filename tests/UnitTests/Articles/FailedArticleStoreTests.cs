using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

/// <summary>Articles that failed on every attempt are kept and can be replayed.</summary>
public sealed class FailedArticleStoreTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    private const string Body = """{"id":"a","text":"Oil rises.","title":"Oil"}""";

    [Fact]
    public async Task An_article_that_fails_for_good_is_kept_with_its_text_and_the_reason()
    {
        await FailAsync();

        var kept = Assert.Single((await Failed.ListAsync("news", 10, null, CancellationToken)).Items);
        Assert.Equal(new ArticleMessage("a") { Text = "Oil rises.", Title = "Oil" }, kept.Article);
        Assert.Equal(("news", Noon), (kept.Classifier, kept.EnqueuedAt));
        Assert.StartsWith("Cannot access a disposed object.", kept.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_last_attempt_that_succeeds_keeps_nothing()
    {
        var outcome = await NewProcessor().ProcessAsync(Message(Body, Noon, ArticleLimits.Attempts), CancellationToken);

        Assert.Equal(WriteOutcome.Created, outcome);
        Assert.Empty((await Failed.ListAsync("news", 10, null, CancellationToken)).Items);
    }

    [Fact]
    public async Task A_replayed_article_is_classified_and_no_longer_kept()
    {
        await FailAsync();
        Classifier = NewClassifier();

        var replay = await Failed.ReplayAsync("news", 10, CancellationToken);
        var message = await NextMessageAsync();
        await ProcessAsync(message!.ToJson(), Noon.AddHours(1));

        Assert.Equal(new Replay("news", 1, More: false), replay);
        Assert.Empty((await Failed.ListAsync("news", 10, null, CancellationToken)).Items);
        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal((ClassificationStatus.Classified, Noon), (result!.Status, result.InsertedOn));
    }

    [Fact]
    public async Task A_replayed_article_does_not_replace_the_result_of_a_newer_text()
    {
        await FailAsync();
        Classifier = NewClassifier();
        await ProcessAsync("""{"id":"a","text":"Oil falls."}""", Noon.AddMinutes(1));

        await Failed.ReplayAsync("news", 10, CancellationToken);
        var outcome = await ProcessAsync((await NextMessageAsync())!.ToJson(), Noon.AddHours(1));

        Assert.Equal(WriteOutcome.Stale, outcome);
    }

    [Fact]
    public async Task A_replay_sends_as_many_articles_as_the_limit_and_says_that_there_are_more()
    {
        for (var i = 0; i < 3; i++)
        {
            await Failed.WriteAsync(new FailedArticle(new ArticleMessage($"a{i}") { Text = "x" }, "news", "reason", Noon, Noon), CancellationToken);
        }

        Assert.Equal(new Replay("news", 2, More: true), await Failed.ReplayAsync("news", 2, CancellationToken));
        Assert.Equal(new Replay("news", 1, More: false), await Failed.ReplayAsync("news", 2, CancellationToken));
    }

    private async Task FailAsync()
    {
        await Classifier.ClassifyAsync("news", "text", CancellationToken);
        await Classifier.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => NewProcessor().ProcessAsync(Message(Body, Noon, ArticleLimits.Attempts), CancellationToken));
    }
}
