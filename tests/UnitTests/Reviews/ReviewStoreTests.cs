using Serverless.Reviews;
using Serverless.Storage;

namespace Serverless.UnitTests.Reviews;

public sealed class ReviewStoreTests(Emulator emulator) : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private StorageClients storage = null!;
    private ReviewStore reviews = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        storage = await emulator.NewAccountAsync();
        reviews = new ReviewStore(storage, new ArticleBlobStore(storage), TimeProvider.System);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_article_waits_until_it_is_labelled_and_its_label_is_stored()
    {
        await EnqueueAsync("a", "Oil rises.");

        var waiting = Assert.Single((await ListAsync()).Items);
        var outcome = await reviews.LabelAsync("news", "a", "Sports", CancellationToken);

        Assert.Equal(("a", "Oil rises.", "Cup", "World", 0.4), (waiting.Id, waiting.Text, waiting.Title, waiting.Label, waiting.Score));
        Assert.Equal("Sports", outcome!.Label!.Label);
        Assert.Empty((await ListAsync()).Items);
        Assert.Equal([new LabelledText("Cup Oil rises.", "Sports")], await ListLabelledAsync());
    }

    [Fact]
    public async Task Adding_the_same_text_again_changes_nothing()
    {
        await EnqueueAsync("a", "Oil rises.");
        await reviews.LabelAsync("news", "a", "Sports", CancellationToken);

        await EnqueueAsync("a", "Oil rises.");

        Assert.Empty((await ListAsync()).Items);
        Assert.Single(await ListLabelledAsync());
    }

    [Fact]
    public async Task An_article_with_a_new_text_waits_with_that_text_only_and_keeps_its_labels()
    {
        await EnqueueAsync("a", "Oil rises.");
        await reviews.LabelAsync("news", "a", "Sports", CancellationToken);
        await EnqueueAsync("a", "Oil falls.");
        await EnqueueAsync("a", "Oil stays.");

        await reviews.RemoveEarlierAsync("news", "a", Sha256Hex.HashText("Oil stays."), Noon, CancellationToken);

        Assert.Equal("Oil stays.", Assert.Single((await ListAsync()).Items).Text);
        Assert.Equal("Cup Oil rises.", Assert.Single(await ListLabelledAsync()).Text);
    }

    [Fact]
    public async Task A_text_that_is_added_before_its_result_is_written_keeps_waiting()
    {
        await EnqueueAsync("a", "Oil rises.");

        await reviews.RemoveEarlierAsync("news", "a", Sha256Hex.HashText("Oil falls."), Noon.AddSeconds(-1), CancellationToken);

        Assert.Single((await ListAsync()).Items);
    }

    [Fact]
    public async Task Many_people_can_label_an_article_at_the_same_moment()
    {
        await EnqueueAsync("a", "Oil rises.");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            reviews.LabelAsync("news", "a", i % 2 == 0 ? "Sports" : "World", CancellationToken)));

        Assert.All(outcomes, outcome => Assert.NotNull(outcome!.Label));
        Assert.Contains(Assert.Single(await ListLabelledAsync()).Label, (string[])["Sports", "World"]);
    }

    [Fact]
    public async Task An_article_of_a_classifier_with_a_thousand_labels_can_get_any_of_them()
    {
        var labels = Enumerable.Range(0, 1000).ToDictionary(i => $"Department of local affairs {i}, with \U0001F4F0", _ => 0.001);
        await reviews.EnqueueAsync(Candidate("a", "Oil rises.") with { Probabilities = labels }, CancellationToken);

        var entry = Assert.Single((await ListAsync()).Items);
        var outcome = await reviews.LabelAsync("news", "a", labels.Keys.Last(), CancellationToken);

        Assert.Equal(labels.Keys, entry.Probabilities.Keys);
        Assert.Equal(labels.Keys.Last(), outcome!.Label!.Label);
    }

    [Fact]
    public async Task Labels_that_do_not_fit_into_a_row_are_left_out_from_the_least_probable_on()
    {
        var labels = Enumerable.Range(0, 20_000).ToDictionary(i => $"Department of local affairs {i}", i => i / 1e9);
        await reviews.EnqueueAsync(Candidate("a", "Oil rises.") with { Probabilities = labels }, CancellationToken);

        var entry = Assert.Single((await ListAsync()).Items);

        Assert.True(entry.Probabilities.Count >= 5000);
        Assert.Contains("Department of local affairs 19999", entry.Probabilities.Keys);
    }

    [Fact]
    public async Task A_long_text_is_deleted_with_its_entry()
    {
        var text = new string('x', 40_000);
        await EnqueueAsync("a", text);
        var container = storage.Container(StorageNames.ArticlesContainer);
        var stored = await container.GetBlobsAsync(cancellationToken: CancellationToken).ToListAsync(CancellationToken);

        await reviews.RemoveAsync("news", "a", Sha256Hex.HashText(text), CancellationToken);

        Assert.Single(stored);
        Assert.Empty(await container.GetBlobsAsync(cancellationToken: CancellationToken).ToListAsync(CancellationToken));
    }

    [Fact]
    public async Task A_later_label_replaces_an_earlier_one()
    {
        await EnqueueAsync("a", "Oil rises.");
        await reviews.LabelAsync("news", "a", "Sports", CancellationToken);
        await reviews.LabelAsync("news", "a", "World", CancellationToken);

        Assert.Equal("World", Assert.Single(await ListLabelledAsync()).Label);
    }

    [Fact]
    public async Task A_label_that_the_classifier_does_not_have_is_rejected()
    {
        await EnqueueAsync("a", "Oil rises.");

        var outcome = await reviews.LabelAsync("news", "a", "Sport", CancellationToken);

        Assert.Null(outcome!.Label);
        Assert.Equal(["World", "Sports"], outcome.AcceptedLabels);
        Assert.Single((await ListAsync()).Items);
    }

    [Fact]
    public async Task An_article_that_does_not_wait_cannot_be_labelled() => Assert.Null(await reviews.LabelAsync("news", "a", "World", CancellationToken));

    [Fact]
    public async Task A_text_that_is_too_long_for_a_row_is_stored_in_a_blob_and_listed_whole()
    {
        var text = new string('x', 50_000);

        await EnqueueAsync("a", text);

        Assert.Equal(text, Assert.Single((await ListAsync()).Items).Text);
    }

    [Fact]
    public async Task Pages_list_each_article_of_the_classifier_once()
    {
        for (var i = 0; i < 5; i++)
        {
            await EnqueueAsync($"a{i}", "Oil rises.");
        }

        await EnqueueAsync("b", "Oil rises.", "desk");

        var first = await reviews.ListAsync("news", 3, null, CancellationToken);
        var second = await reviews.ListAsync("news", 3, first.Continuation, CancellationToken);

        Assert.Equal(3, first.Items.Count);
        Assert.Null(second.Continuation);
        Assert.Equal(["a0", "a1", "a2", "a3", "a4"], first.Items.Concat(second.Items).Select(article => article.Id).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("§")]
    [InlineData("bm9uc2Vuc2U")]
    public async Task A_continuation_of_another_list_is_rejected_or_lists_nothing(string continuation)
    {
        await EnqueueAsync("b", "Oil rises.", "desk");

        var error = await Record.ExceptionAsync(async () => Assert.Empty((await reviews.ListAsync("news", 3, continuation, CancellationToken)).Items));

        Assert.True(error is null or BadContinuationException, error?.ToString());
    }

    private Task EnqueueAsync(string id, string text, string classifier = "news") =>
        reviews.EnqueueAsync(Candidate(id, text) with { Classifier = classifier }, CancellationToken);

    private static ReviewCandidate Candidate(string id, string text) => new()
    {
        Id = id,
        Classifier = "news",
        TextHash = Sha256Hex.HashText(text),
        Text = text,
        Title = "Cup",
        Label = "World",
        Score = 0.4,
        Probabilities = new OrderedDictionary<string, double> { ["World"] = 0.4, ["Sports"] = 0.3 },
        ModelVersion = "v1",
        Time = Noon,
    };

    private Task<ListPage<ReviewEntry>> ListAsync() => reviews.ListAsync("news", 10, null, CancellationToken);

    private async Task<IReadOnlyList<LabelledText>> ListLabelledAsync() => await reviews.ListLabelledAsync("news", CancellationToken).ToListAsync(CancellationToken);
}
