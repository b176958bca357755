using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Serverless.Articles;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

public sealed class ArticleProcessorTests(Emulator emulator) : ArticleProcessorTest(emulator)
{
    private static readonly JsonElement HostJson = JsonDocument.Parse(Repository.Read("host.json")).RootElement;

    [Fact]
    public async Task An_article_on_the_queue_becomes_a_classified_result()
    {
        var outcome = await ProcessAsync("""{"id":"a","text":"rises.","title":"Oil","source":"wire"}""");

        var result = await Results.FindAsync("news", "a", CancellationToken);
        Assert.Equal(WriteOutcome.Created, outcome);
        Assert.Equal(ClassificationStatus.Classified, result!.Status);
        var prediction = await Classifier.ClassifyAsync("news", "Oil rises.", CancellationToken);
        Assert.Equal((prediction.Label, "v1", 11, false), (result.Label, result.ModelVersion, result.Tokens, result.Truncated));
        Assert.Equal(Sha256Hex.HashText("Oil rises."), result.TextHash);
        Assert.Equal(("Oil", "wire", Noon), (result.Title, result.Source, result.InsertedOn));
        Assert.True(result.ForwardMilliseconds > 0 && result.WaitMilliseconds >= 0 && result.QueueMilliseconds > 0);
    }

    [Fact]
    public async Task A_text_in_a_blob_is_read()
    {
        await new ArticleBlobStore(Storage).WriteAsync("a/long.txt", "Oil rises.", CancellationToken);

        await ProcessAsync("""{"id":"a","blob":"a/long.txt"}""");

        Assert.Equal(Sha256Hex.HashText("Oil rises."), (await Results.FindAsync("news", "a", CancellationToken))!.TextHash);
    }

    [Fact]
    public async Task An_error_of_the_program_is_thrown_so_that_the_queue_delivers_again()
    {
        await Classifier.ClassifyAsync("news", "text", CancellationToken);
        await Classifier.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => ProcessAsync("""{"id":"a","text":"x"}"""));

        Assert.Null(await Results.FindAsync("news", "a", CancellationToken));
    }

    [Fact]
    public void The_timeout_of_host_json_is_longer_than_any_wait_for_a_model()
    {
        Assert.True(TimeSpan.Parse(HostJson.GetProperty("functionTimeout").GetString()!, CultureInfo.InvariantCulture) >= 3 * TimeSpan.FromMinutes(3));
        Assert.Throws<InvalidOperationException>(() => ClassifierOptions.Read(
            new ConfigurationBuilder().AddInMemoryCollection([new("Classifier:LoadWait", "00:03:01")]).Build()));
    }

    [Fact]
    public async Task Results_are_listed_newest_first_page_by_page()
    {
        for (var i = 0; i < 5; i++)
        {
            await ProcessAsync($$"""{"id":"a{{i}}","text":"Oil rises {{i}}.","title":"Oil"}""");
        }

        var first = await Results.ListAsync("news", 3, null, CancellationToken);
        var second = await Results.ListAsync("news", 3, first.Continuation, CancellationToken);

        Assert.Equal(["a4", "a3", "a2", "a1", "a0"], first.Items.Concat(second.Items).Select(result => result.Id));
        Assert.Null(second.Continuation);
        Assert.Equal((await Results.FindAsync("news", "a4", CancellationToken))!.ToJson(), first.Items[0].ToJson());
    }

    [Fact]
    public async Task A_result_is_logged_with_article_version_and_duration_but_without_the_text()
    {
        var log = new LogLines<ArticleProcessor>();

        await ProcessAsync(NewProcessor(log: log), """{"id":"logged-1","text":"Oil rises."}""");

        var line = Assert.Single(log.All);
        Assert.Matches("^Article logged-1 of news is .* by v1, [0-9]+ ms after it arrived: Created$", line);
        Assert.DoesNotContain("Oil", line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_attempts_is_the_one_of_host_json()
    {
        Assert.Equal(ArticleLimits.Attempts, HostJson.GetProperty("extensions").GetProperty("queues").GetProperty("maxDequeueCount").GetInt32());
    }
}
