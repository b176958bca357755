



using Serverless.Articles;
using Serverless.Reviews;
using Serverless.Storage;

namespace Serverless.UnitTests.Reviews;

public sealed class ReviewsTests(Emulator emulator) : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private StorageClients storage = null!;
    private ReviewStore reviews = null!;

    public async ValueTask InitializeAsync()
    {
        storage = await emulator.NewAccountAsync();
        reviews = new ReviewStore(storage, new ArticleBlobStore(storage), TimeProvider.System);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_article_that_is_asked_about_waits_until_it_is_labelled_and_the_label_is_kept()
    {
        await AskAsync("a", "Oil rises.");

        var waiting = Assert.Single((await ListAsync()).Items);
        var outcome = await reviews.LabelAsync("news", "a", "Sports", Cancel);

        Assert.Equal(("a", "Oil rises.", "Cup", "World", 0.4), (waiting.Id, waiting.Text, waiting.Title, waiting.Label, waiting.Score));
        Assert.Equal("Sports", outcome!.Given!.Label);
        Assert.Empty((await ListAsync()).Items);
        Assert.Equal([new LabelledText("Cup Oil rises.", "Sports")], await LabelledAsync());
    }

    [Fact]
    public async Task Asking_again_about_the_same_text_changes_nothing()
    {
        await AskAsync("a", "Oil rises.");
        await reviews.LabelAsync("news", "a", "Sports", Cancel);

        await AskAsync("a", "Oil rises.");

        Assert.Empty((await ListAsync()).Items);
        Assert.Single(await LabelledAsync());
    }

    [Fact]
    public async Task An_article_with_a_new_text_waits_with_that_one_only_and_an_earlier_label_is_kept()
    {
        await AskAsync("a", "Oil rises.");
        await reviews.LabelAsync("news", "a", "Sports", Cancel);
        await AskAsync("a", "Oil falls.");
        await AskAsync("a", "Oil stays.");

        await reviews.WithdrawEarlierAsync(Answer("a", "Oil stays."), Cancel);

        Assert.Equal("Oil stays.", Assert.Single((await ListAsync()).Items).Text);
        Assert.Equal("Cup Oil rises.", Assert.Single(await LabelledAsync()).Text);
    }

    [Fact]
    public async Task A_text_that_is_asked_about_before_its_result_is_written_goes_on_waiting()
    {
        await AskAsync("a", "Oil rises.");

        await reviews.WithdrawEarlierAsync(Answer("a", "Oil falls.") with { CompletedAt = Noon.AddSeconds(-1) }, Cancel);

        Assert.Single((await ListAsync()).Items);
    }

    [Fact]
    public async Task A_later_label_takes_the_place_of_an_earlier_one()
    {
        await AskAsync("a", "Oil rises.");
        await reviews.LabelAsync("news", "a", "Sports", Cancel);
        await reviews.LabelAsync("news", "a", "World", Cancel);

        Assert.Equal("World", Assert.Single(await LabelledAsync()).Label);
    }

    [Fact]
    public async Task A_label_that_the_classifier_does_not_have_is_not_taken()
    {
        await AskAsync("a", "Oil rises.");

        var outcome = await reviews.LabelAsync("news", "a", "Sport", Cancel);

        Assert.Null(outcome!.Given);
        Assert.Equal(["World", "Sports"], outcome.Accepted);
        Assert.Single((await ListAsync()).Items);
    }

    [Fact]
    public async Task Nobody_can_label_what_nobody_was_asked_about() => Assert.Null(await reviews.LabelAsync("news", "a", "World", Cancel));

    [Fact]
    public async Task A_text_that_is_too_long_for_a_row_lies_in_a_blob_and_is_listed_whole()
    {
        var text = new string('x', 50_000);

        await AskAsync("a", text);

        Assert.Equal(text, Assert.Single((await ListAsync()).Items).Text);
    }

    [Fact]
    public async Task Pages_give_each_article_once_and_other_classifiers_have_their_own()
    {
        for (var i = 0; i < 5; i++)
        {
            await AskAsync($"a{i}", "Oil rises.");
        }

        await AskAsync("b", "Oil rises.", "desk");

        var first = await reviews.ListAsync("news", 3, null, Cancel);
        var second = await reviews.ListAsync("news", 3, first.Continuation, Cancel);

        Assert.Equal(3, first.Items.Count);
        Assert.Null(second.Continuation);
        Assert.Equal(["a0", "a1", "a2", "a3", "a4"], first.Items.Concat(second.Items).Select(article => article.Id).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("§")]
    [InlineData("bm9uc2Vuc2U")]
    public async Task A_continuation_that_was_never_given_is_told_or_leads_nowhere_else(string continuation)
    {
        await AskAsync("b", "Oil rises.", "desk");

        var error = await Record.ExceptionAsync(async () => Assert.Empty((await reviews.ListAsync("news", 3, continuation, Cancel)).Items));

        Assert.True(error is null or BadContinuationException, error?.ToString());
    }

    private Task AskAsync(string id, string text, string classifier = "news") => reviews.AskAsync(
        new ArticleMessage(id) { Text = text, Title = "Cup" }, Answer(id, text, classifier), Cancel);

    private static ClassificationResult Answer(string id, string text, string classifier = "news") => new()
    {
        Id = id,
        Classifier = classifier,
        Status = ClassificationStatus.Classified,
        Label = "World",
        Score = 0.4,
        Probabilities = new OrderedDictionary<string, double> { ["World"] = 0.4, ["Sports"] = 0.3 },
        ModelVersion = "v1",
        TextHash = Sha256Hex.OfText(text),
        CompletedAt = Noon,
    };

    private Task<ListPage<ReviewEntry>> ListAsync() => reviews.ListAsync("news", 10, null, Cancel);

    private async Task<IReadOnlyList<LabelledText>> LabelledAsync() => await reviews.LabelledAsync("news", Cancel).ToListAsync(Cancel);
}
