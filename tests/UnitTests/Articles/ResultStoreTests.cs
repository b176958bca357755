using Azure.Data.Tables;
using Serverless.Articles;
using Serverless.Storage;

namespace Serverless.UnitTests.Articles;

public class ResultStoreTests(Emulator emulator)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_result_is_a_blob_and_a_row_and_a_recent_row_at_the_places_of_the_contract()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);

        var outcome = await store.WriteAsync(Result("a/1?", "text"), CancellationToken);

        var hash = Sha256Hex.HashText("a/1?");
        Assert.Equal(WriteOutcome.Created, outcome);
        Assert.True(await storage.Container("results").GetBlobClient($"news/{hash}.json").ExistsAsync(CancellationToken));
        var row = await storage.Table("classifications").GetEntityAsync<TableEntity>($"news-{hash[0]}", hash, cancellationToken: CancellationToken);
        Assert.Equal("a/1?", row.Value.GetString("Id"));
        Assert.Equal("World", row.Value.GetString("Label"));
        Assert.Equal("classified", row.Value.GetString("Status"));
        Assert.Equal("""{"World":0.75,"Sports":0.25}""", row.Value.GetString("Probabilities"));
        var recent = Assert.Single(await RowsAsync(storage, "recent"));
        Assert.Equal(StorageNames.RecentPartition("news", Noon), recent.PartitionKey);
        Assert.EndsWith(hash, recent.RowKey);
    }

    [Fact]
    public async Task What_is_written_is_found_again()
    {
        var store = new ResultStore(await emulator.NewAccountAsync());
        var written = Result("a", "text");

        await store.WriteAsync(written, CancellationToken);
        var found = await store.FindAsync("news", "a", CancellationToken);

        Assert.Equal(written.ToJson(), found!.ToJson());
        Assert.Null(await store.FindAsync("news", "b", CancellationToken));
    }

    [Fact]
    public async Task A_second_delivery_of_the_same_text_changes_nothing()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);
        await store.WriteAsync(Result("a", "text"), CancellationToken);

        var existing = await store.TryReuseExistingAsync("news", "a", Sha256Hex.HashText("text"), Noon.AddHours(1), CancellationToken);
        var outcome = await store.WriteAsync(Result("a", "text") with { Label = "Sports", InsertedOn = Noon.AddHours(1) }, CancellationToken);

        Assert.Equal(WriteOutcome.Duplicate, existing);
        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Equal("World", (await store.FindAsync("news", "a", CancellationToken))!.Label);
        Assert.Single(await RowsAsync(storage, "recent"));
    }

    [Fact]
    public async Task The_same_id_with_another_text_replaces_the_result_and_says_so()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);
        await store.WriteAsync(Result("a", "old"), CancellationToken);

        var existing = await store.TryReuseExistingAsync("news", "a", Sha256Hex.HashText("new"), Noon, CancellationToken);
        var outcome = await store.WriteAsync(Result("a", "new") with { Label = "Sports" }, CancellationToken);

        Assert.Null(existing);
        Assert.Equal(WriteOutcome.Replaced, outcome);
        var found = await store.FindAsync("news", "a", CancellationToken);
        Assert.True(found!.Replaced);
        Assert.Equal("Sports", found.Label);
        var row = Assert.Single(await RowsAsync(storage, "classifications"));
        Assert.Equal("Sports", row.GetString("Label"));
        Assert.True(row.GetBoolean("Replaced"));
    }

    [Fact]
    public async Task An_older_message_never_replaces_a_newer_one()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);
        await store.WriteAsync(Result("a", "new"), CancellationToken);

        var existing = await store.TryReuseExistingAsync("news", "a", Sha256Hex.HashText("old"), Noon.AddSeconds(-1), CancellationToken);
        var outcome = await store.WriteAsync(Result("a", "old") with { InsertedOn = Noon.AddSeconds(-1), Label = "Sports" }, CancellationToken);

        Assert.Equal(WriteOutcome.Stale, existing);
        Assert.Equal(WriteOutcome.Stale, outcome);
        Assert.Equal("World", (await store.FindAsync("news", "a", CancellationToken))!.Label);
        Assert.Equal("World", Assert.Single(await RowsAsync(storage, "classifications")).GetString("Label"));
    }

    [Fact]
    public async Task A_redelivery_repairs_rows_lost_in_a_crash()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);
        await store.WriteAsync(Result("a", "text"), CancellationToken);
        await DeleteRowsAsync(storage, "classifications");
        await DeleteRowsAsync(storage, "recent");

        var existing = await store.TryReuseExistingAsync("news", "a", Sha256Hex.HashText("text"), Noon, CancellationToken);

        Assert.Equal(WriteOutcome.Duplicate, existing);
        Assert.Equal("World", Assert.Single(await RowsAsync(storage, "classifications")).GetString("Label"));
        Assert.Single(await RowsAsync(storage, "recent"));
    }

    [Fact]
    public async Task A_row_older_than_its_blob_is_updated()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);
        await store.WriteAsync(Result("a", "old"), CancellationToken);
        var stale = Assert.Single(await RowsAsync(storage, "classifications"));
        await store.WriteAsync(Result("a", "new") with { Label = "Sports" }, CancellationToken);
        await storage.Table("classifications").UpsertEntityAsync(stale, TableUpdateMode.Replace, CancellationToken);

        await store.TryReuseExistingAsync("news", "a", Sha256Hex.HashText("new"), Noon, CancellationToken);

        Assert.Equal("Sports", Assert.Single(await RowsAsync(storage, "classifications")).GetString("Label"));
    }

    [Theory]
    [InlineData(ClassificationStatus.Rejected)]
    [InlineData(ClassificationStatus.Failed)]
    public async Task An_article_that_was_not_classified_can_be_sent_again(ClassificationStatus status)
    {
        var store = new ResultStore(await emulator.NewAccountAsync());
        await store.WriteAsync(Result("a", "text") with { Status = status, Reason = "no model yet", Label = null }, CancellationToken);

        var existing = await store.TryReuseExistingAsync("news", "a", Sha256Hex.HashText("text"), Noon.AddHours(1), CancellationToken);
        var outcome = await store.WriteAsync(Result("a", "text") with { InsertedOn = Noon.AddHours(1) }, CancellationToken);

        Assert.Null(existing);
        Assert.Equal(WriteOutcome.Created, outcome);
        var found = await store.FindAsync("news", "a", CancellationToken);
        Assert.Equal(ClassificationStatus.Classified, found!.Status);
        Assert.False(found.Replaced);
    }

    [Fact]
    public async Task The_same_rejection_delivered_twice_is_written_once()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);
        var rejected = Result("a", "{") with { Status = ClassificationStatus.Rejected, Reason = "no JSON", Label = null };

        Assert.Equal(WriteOutcome.Created, await store.WriteAsync(rejected, CancellationToken));
        Assert.Equal(WriteOutcome.Duplicate, await store.WriteAsync(rejected with { CompletedAt = Noon.AddMinutes(10) }, CancellationToken));
        Assert.Single(await RowsAsync(storage, "recent"));
    }

    [Fact]
    public async Task Of_many_concurrent_writers_the_newest_message_wins_in_blob_and_row_alike()
    {
        var storage = await emulator.NewAccountAsync();
        var store = new ResultStore(storage);
        var writers = Enumerable.Range(0, 6).Select(i =>
            Result("a", $"text {i}") with { InsertedOn = Noon.AddMinutes(i), CompletedAt = Noon.AddMinutes(i), Label = $"{i}" });

        await Task.WhenAll(writers.Reverse().Select(result => store.WriteAsync(result, CancellationToken)));

        Assert.Equal("5", (await store.FindAsync("news", "a", CancellationToken))!.Label);
        Assert.Equal("5", Assert.Single(await RowsAsync(storage, "classifications")).GetString("Label"));
    }

    private static ClassificationResult Result(string id, string text) => new()
    {
        Id = id,
        Classifier = "news",
        Status = ClassificationStatus.Classified,
        Label = "World",
        Score = 0.75,
        Probabilities = new Dictionary<string, double> { ["World"] = 0.75, ["Sports"] = 0.25 },
        ModelVersion = "starter",
        Tokens = 12,
        Truncated = false,
        TextHash = Sha256Hex.HashText(text),
        InsertedOn = Noon,
        CompletedAt = Noon,
    };

    private static async Task<List<TableEntity>> RowsAsync(StorageClients storage, string table) =>
        await storage.Table(table).QueryAsync<TableEntity>(cancellationToken: CancellationToken).ToListAsync(CancellationToken);

    private static async Task DeleteRowsAsync(StorageClients storage, string table)
    {
        foreach (var row in await RowsAsync(storage, table))
        {
            await storage.Table(table).DeleteEntityAsync(row, cancellationToken: CancellationToken);
        }
    }
}
