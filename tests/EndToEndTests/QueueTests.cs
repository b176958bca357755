using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.EndToEndTests;

public sealed class QueueTests(QueueTests.Fixture fixture) : IClassFixture<QueueTests.Fixture>
{
    private const string Sports = "Two goals in extra time won the final for Calder Rovers.";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private RunningSystem App => fixture.App;

    [Fact]
    public async Task An_article_on_the_queue_becomes_a_blob_and_a_row()
    {
        await App.SendAsync(Message(new { id = "match-1", text = Sports, title = "Cup final", source = "test" }));

        var result = await App.ResultAsync("match-1");
        var row = await RowAsync(result);

        Assert.Equal(ClassificationStatus.Classified, result.Status);
        Assert.Equal("Sports", result.Label);
        Assert.Equal(result.Score!.Value, result.Probabilities!["Sports"], 6);
        Assert.Equal(1, result.Probabilities.Values.Sum(), 3);
        Assert.Equal("starter", result.ModelVersion);
        Assert.Equal("Sports", row.GetString("Label"));
        Assert.Equal("match-1", row.GetString("Id"));
    }

    [Fact]
    public async Task Plain_text_is_an_article_too()
    {
        await App.SendAsync(Sports);

        var result = await App.ResultAsync(Sha256Hex.HashText(Sports));

        Assert.Equal("Sports", result.Label);
    }

    [Fact]
    public async Task A_message_that_is_delivered_twice_is_classified_once()
    {
        var body = Message(new { id = "twice", text = Sports });
        await App.SendAsync(body);
        var first = await App.ResultAsync("twice");
        await App.SendAsync(body);
        await App.SendAsync(Message(new { id = "after-twice", text = Sports }));
        await App.ResultAsync("after-twice");
        await QueueIsEmptyAsync();

        var second = await App.ResultAsync("twice");

        Assert.Equal(first.CompletedAt, second.CompletedAt);
    }

    [Fact]
    public async Task A_long_article_is_sent_as_a_blob()
    {
        var text = string.Join(' ', Enumerable.Repeat(Sports, 2000));
        var texts = new ArticleBlobStore(App.Storage);
        await new ArticleSender(App.Storage, texts).SendAsync(new ArticleMessage("long") { Text = text }, CancellationToken);

        var result = await App.ResultAsync("long");

        Assert.Equal("Sports", result.Label);
        Assert.True(result.Truncated);
    }

    [Theory]
    [InlineData("bad-empty", """{"id":"bad-empty","text":"  "}""", "no text")]
    [InlineData("bad-none", """{"id":"bad-none"}""", "neither 'text' nor 'blob'")]
    [InlineData("bad-blob", """{"id":"bad-blob","blob":"not/there.txt"}""", "no blob 'not/there.txt'")]
    [InlineData("bad-climb", """{"id":"bad-climb","blob":"../results/x.json"}""", "not a valid name in")]
    [InlineData("bad-type", """{"id":"bad-type","text":42}""", "must be a string")]
    [InlineData("bad-classifier", """{"id":"bad-classifier","text":"a","classifier":"../news"}""", "not a valid classifier name")]
    public async Task A_message_that_is_not_valid_is_rejected_with_the_reason(string id, string body, string reason)
    {
        await App.SendAsync(body);

        var result = await App.ResultAsync(id);
        var row = await RowAsync(result);

        Assert.Equal(ClassificationStatus.Rejected, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
        Assert.Equal("rejected", row.GetString("Status"));
        Assert.Contains(reason, row.GetString("Reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Malformed_JSON_is_rejected_under_the_hash_of_the_message()
    {
        const string Body = """{"id":"broken","text":"unfinished""";
        await App.SendAsync(Body);

        var result = await App.ResultAsync(Sha256Hex.HashText(Body));

        Assert.Equal(ClassificationStatus.Rejected, result.Status);
        Assert.Contains("not valid JSON", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blob_that_is_too_long_or_not_UTF8_is_rejected()
    {
        var container = App.Storage.Container(StorageNames.ArticlesContainer);
        await container.GetBlobClient("huge.txt").UploadAsync(BinaryData.FromBytes(new byte[ArticleLimits.TextBytes + 1]), CancellationToken);
        await container.GetBlobClient("latin1.txt").UploadAsync(BinaryData.FromBytes([(byte)'a', 0xe9, (byte)'b']), CancellationToken);
        await App.SendAsync(Message(new { id = "bad-huge", blob = "huge.txt" }));
        await App.SendAsync(Message(new { id = "bad-latin1", blob = "latin1.txt" }));

        Assert.Contains("at most", (await App.ResultAsync("bad-huge")).Reason, StringComparison.Ordinal);
        Assert.Contains("not UTF-8", (await App.ResultAsync("bad-latin1")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_article_for_a_classifier_that_does_not_exist_is_rejected()
    {
        await App.SendAsync(Message(new { id = "lost", text = Sports, classifier = "nowhere" }));

        var result = await App.ResultAsync("lost", "nowhere");

        Assert.Equal(ClassificationStatus.Rejected, result.Status);
        Assert.Contains("nowhere", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_not_Base64_is_rejected_and_does_not_block_others()
    {
        var raw = new QueueClient(App.ConnectionString, StorageNames.ArticlesQueue);
        await raw.SendMessageAsync("*not base64*", CancellationToken);
        await App.SendAsync(Message(new { id = "beside", text = Sports }));

        await App.ResultAsync("beside");
        var result = await App.ResultAsync(Sha256Hex.HashText("*not base64*"));

        Assert.Equal(ClassificationStatus.Rejected, result.Status);
        Assert.Contains("not Base64", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_article_whose_classifier_cannot_be_loaded_is_put_off_and_holds_up_no_other()
    {
        // The pointer of this classifier names a version that does not exist.
        var pointer = App.Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.PointerBlob("broken"));
        await pointer.UploadAsync(
            BinaryData.FromString("""{"version":"gone","manifestSha256":"00","publishedAt":"2026-01-01T00:00:00Z"}"""), overwrite: true, CancellationToken);
        await App.SendAsync(Message(new { id = "deferred", text = Sports, classifier = "broken" }));
        await App.SendAsync(Message(new { id = "beside-deferred", text = Sports }));

        var beside = await App.ResultAsync("beside-deferred");
        await Eventually.TrueAsync(
            () => Task.FromResult(App.Log("functions").Contains("Article deferred of broken is put off for 5 s", StringComparison.Ordinal)), "the log line");
        var meanwhile = await App.Results.FindAsync("broken", "deferred", CancellationToken);
        await pointer.DeleteAsync(cancellationToken: CancellationToken);

        Assert.Equal("Sports", beside.Label);
        Assert.Null(meanwhile);
        Assert.Equal(ClassificationStatus.Rejected, (await App.ResultAsync("deferred", "broken")).Status); // now there is no such classifier
    }

    private static string Message(object article) => JsonSerializer.Serialize(article);

    private async Task<TableEntity> RowAsync(ClassificationResult result) => await Eventually.GetAsync(
        async () =>
        {
            var partition = StorageNames.ClassificationsPartition(result.Classifier, result.ArticleHash());
            var row = await App.Storage.Table(StorageNames.ClassificationsTable)
                .GetEntityIfExistsAsync<TableEntity>(partition, result.ArticleHash(), cancellationToken: CancellationToken);
            return row.HasValue ? row.Value : null;
        },
        "the row");

    private Task QueueIsEmptyAsync() => Eventually.TrueAsync(
        async () => (await App.Storage.Queue(StorageNames.ArticlesQueue).GetPropertiesAsync(CancellationToken)).Value.ApproximateMessagesCount == 0,
        "an empty queue");

    public sealed class Fixture : SystemFixture;
}
