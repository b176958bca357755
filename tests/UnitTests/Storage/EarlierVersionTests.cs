using Azure.Data.Tables;
using Serverless.Articles;
using Serverless.Models;
using Serverless.Reviews;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Storage;

/// <summary>What an earlier version wrote to storage (commit 898bfc8), as literals, is read by this one.</summary>
public sealed class EarlierVersionTests(Emulator emulator) : IAsyncLifetime
{
    private const string IdHash = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"; // of a
    private const string TextHash = "c3b9cbd33177b7d760a449bcf07841b84536c033bd335f088b0005f3d9a2451a"; // of Cup Oil rises.
    private const string Labels = """{"labels":["World","Sports"]}""";

    private const string Manifest = """
        {"baseModel":"serverless/starter","created":"2026-11-23T12:00:00+00:00","files":{
        "adapter_config.json":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "adapter_model.safetensors":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "labels.json":"df0321723818386f8a40d5f1e4c7bec5e9a1efb2021c142e1e6e424b1af59aa9"},
        "dataset":"news/a.csv","datasetETag":"\"0x1\""}
        """;

    private static readonly string[] SystemColumns = ["odata.etag", "PartitionKey", "RowKey", "Timestamp"];
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder folder = new();
    private StorageClients storage = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => storage = await emulator.NewAccountAsync();

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_pointer_and_the_version_that_it_names_are_read()
    {
        var manifest = BinaryData.FromString(Manifest);
        var hash = Sha256Hex.HashBytes(manifest);
        await UploadAsync("adapters/news/v2/adapter_config.json", "{}");
        await UploadAsync("adapters/news/v2/adapter_model.safetensors", "{}");
        await UploadAsync("adapters/news/v2/labels.json", Labels);
        await UploadAsync("adapters/news/v2/manifest.json", Manifest);
        await UploadAsync(
            "adapters/news/current.json",
            $$"""{"version":"v2","manifestSha256":"{{hash}}","publishedAt":"2026-11-23T12:00:00+00:00","previous":[{"version":"v1","manifestSha256":"00"}]}""");
        var registry = new ModelRegistry(storage, new TrainingRuns(storage), folder.Path, TimeProvider.System);

        var pointer = await registry.Pointers.ReadAsync("news", null, CancellationToken);
        var version = await registry.Versions.DownloadAsync("news", "v2", pointer.Current!.ManifestSha256, CancellationToken);
        var servable = await registry.Pointers.ListServableAsync("news", pointer, CancellationToken).Select(each => each.Version).ToListAsync(CancellationToken);

        Assert.Equal(("v2", Noon), (pointer.Current.Version, pointer.Current.PublishedAt));
        Assert.Equal(["v2", "v1"], servable);
        Assert.Equal(("serverless/starter", Noon), (version.Manifest.BaseModel, version.Manifest.Created));
        Assert.Equal(("news/a.csv", "\"0x1\""), (version.Manifest.Dataset, version.Manifest.DatasetETag));
        Assert.Equal(Labels, await File.ReadAllTextAsync(Path.Combine(version.Folder, "labels.json"), CancellationToken));
    }

    [Fact]
    public async Task A_result_is_final_and_its_row_is_listed()
    {
        const string Result = $$"""
            {"id":"a","classifier":"news","status":"classified","label":"World","score":0.75,"probabilities":{"World":0.75,"Sports":0.25},
            "modelVersion":"v1","tokens":5,"truncated":false,"title":"Cup","textHash":"{{TextHash}}","insertedOn":"2026-11-23T11:59:00+00:00",
            "completedAt":"2026-11-23T12:00:00+00:00","replaced":false,"review":true,"queueMilliseconds":10,"waitMilliseconds":1,"forwardMilliseconds":2}
            """;
        var blob = storage.Container("results").GetBlobClient($"news/{IdHash}.json");
        var etag = (await blob.UploadAsync(BinaryData.FromString(Result), CancellationToken)).Value.ETag.ToString();
        await AddAsync("classifications", "news-c", IdHash, ResultColumns(etag));
        await AddAsync("recent", "news:69890795", $"2516068655999999999-{IdHash}", ResultColumns(etag));
        var results = new ResultStore(storage);

        var found = await results.FindAsync("news", "a", CancellationToken);
        var outcome = await results.WriteAsync(found! with { CompletedAt = Noon.AddHours(1), ModelVersion = "v2" }, CancellationToken);
        var listed = Assert.Single((await results.ListAsync("news", 10, null, CancellationToken)).Items);

        Assert.Equal((ClassificationStatus.Classified, "World", 0.75, true), (found.Status, found.Label, found.Score, found.Review));
        Assert.Equal(WriteOutcome.Duplicate, outcome);
        Assert.Equal(("a", "v1", TextHash, Noon), (listed.Id, listed.ModelVersion, listed.TextHash, listed.CompletedAt));
        Assert.Equal(["World", "Sports"], listed.Probabilities!.Keys);
    }

    [Fact]
    public async Task A_row_of_the_table_reviews_is_listed_labelled_and_exported()
    {
        await AddAsync("reviews", "news", $"{IdHash}-{TextHash}", ReviewColumns("waiting"));
        await AddAsync("reviews", "news", $"{IdHash}-{new string('0', 64)}", ReviewColumns("labelled", "Sports"));
        var reviews = new ReviewStore(storage, new ArticleBlobStore(storage), TimeProvider.System);

        var waiting = Assert.Single((await reviews.ListAsync("news", 10, null, CancellationToken)).Items);
        var before = await reviews.ListLabelledAsync("news", CancellationToken).ToListAsync(CancellationToken);
        var outcome = await reviews.LabelAsync("news", "a", "World", CancellationToken);
        var row = (await storage.Table("reviews").GetEntityAsync<TableEntity>("news", $"{IdHash}-{TextHash}", cancellationToken: CancellationToken)).Value;

        Assert.Equal(("a", "Oil rises.", "Cup", "World", 0.5, "v1", Noon),
            (waiting.Id, waiting.Text, waiting.Title, waiting.Label, waiting.Score, waiting.ModelVersion, waiting.Time));
        Assert.Equal([new LabelledText("Cup Oil rises.", "Sports")], before);
        Assert.Equal(["World", "Sports"], outcome!.AcceptedLabels);
        Assert.Equal(("labelled", "World"), (row.GetString("State"), row.GetString("PersonLabel")));
        Assert.NotNull(row.GetDateTimeOffset("LabelledAt"));
    }

    [Fact]
    public async Task A_new_row_of_the_table_reviews_has_the_same_columns()
    {
        var candidate = new ReviewCandidate
        {
            Id = "a",
            Classifier = "news",
            TextHash = TextHash,
            Text = "Oil rises.",
            Title = "Cup",
            Label = "World",
            Score = 0.5,
            Probabilities = new OrderedDictionary<string, double> { ["World"] = 0.5, ["Sports"] = 0.5 },
            ModelVersion = "v1",
            Time = Noon,
        };

        await new ReviewStore(storage, new ArticleBlobStore(storage), TimeProvider.System).EnqueueAsync(candidate, CancellationToken);

        var row = Assert.Single(await storage.Table("reviews").QueryAsync<TableEntity>(cancellationToken: CancellationToken).ToListAsync(CancellationToken));
        Assert.Equal(("news", $"{IdHash}-{TextHash}"), (row.PartitionKey, row.RowKey));
        Assert.Equal(Sorted(ReviewColumns("waiting")), Sorted(row.Where(column => !SystemColumns.Contains(column.Key))));
    }

    [Fact]
    public async Task A_training_run_is_read()
    {
        await AddAsync("trainingruns", "news", "20261123-120000-000", new()
        {
            ["State"] = "refused",
            ["Progress"] = 1.0,
            ["Step"] = "step 40 of 40",
            ["Reason"] = "worse",
            ["Dataset"] = "news/a.csv",
            ["DatasetETag"] = "\"0x1\"",
            ["BaseModel"] = "serverless/starter",
            ["RequestedAt"] = Noon,
            ["StartedAt"] = Noon.AddMinutes(1),
            ["FinishedAt"] = Noon.AddMinutes(2),
            ["ServingProblem"] = "",
            ["PromotedAt"] = Noon.AddMinutes(3),
            ["Metrics"] = """{"accuracy":0.5,"heldOutRows":40}""",
        });

        var run = Assert.Single(await new TrainingRuns(storage).ListAsync("news", CancellationToken));

        Assert.Equal((TrainingState.Refused, 1.0, "step 40 of 40", "worse"), (run.State, run.Progress, run.Step, run.Reason));
        Assert.Equal(("news/a.csv", "\"0x1\"", "serverless/starter"), (run.Dataset, run.DatasetETag, run.BaseModel));
        Assert.Equal((Noon, Noon.AddMinutes(1), Noon.AddMinutes(2), Noon.AddMinutes(3)), (run.RequestedAt, run.StartedAt, run.FinishedAt, run.PromotedAt));
        Assert.Null(run.ServingProblem);
        Assert.Equal((0.5, 40), (run.Metrics["accuracy"], run.Metrics["heldOutRows"]));
    }

    [Fact]
    public void A_training_request_is_read()
    {
        const string Body = """{"dataset":"news/a.csv","eTag":"\u00220x1\u0022","classifier":"news","requestedAt":"2026-11-23T12:00:00+00:00"}""";

        Assert.Equal(new TrainingRequest("news/a.csv", "\"0x1\"", "news", Noon), TrainingRequest.Parse(Body));
    }

    [Theory]
    [InlineData("""{"id":"a","text":"Oil rises.","classifier":"news","title":"Cup","source":"wire"}""", "Oil rises.", null)]
    [InlineData("""{"id":"a","blob":"a/b.txt","classifier":"news","title":"Cup","source":"wire"}""", null, "a/b.txt")]
    public void An_article_is_read(string body, string? text, string? blob)
    {
        Assert.True(ArticleMessage.TryParse(body, out var article, out _));

        Assert.Equal(new ArticleMessage("a") { Text = text, Blob = blob, Classifier = "news", Title = "Cup", Source = "wire" }, article);
        Assert.Equal(body, article.ToJson());
    }

    private static Dictionary<string, object?> ReviewColumns(string state, string? label = null)
    {
        var columns = new Dictionary<string, object?>
        {
            ["Id"] = "a",
            ["State"] = state,
            ["Title"] = "Cup",
            ["Text"] = "Oil rises.",
            ["Label"] = "World",
            ["Score"] = 0.5,
            ["Probabilities"] = """{"World":0.5,"Sports":0.5}""",
            ["ModelVersion"] = "v1",
            ["Time"] = Noon,
        };
        if (label is not null)
        {
            columns["PersonLabel"] = label;
            columns["LabelledAt"] = Noon;
        }

        return columns;
    }

    private static Dictionary<string, object?> ResultColumns(string etag) => new()
    {
        ["Id"] = "a",
        ["Hash"] = IdHash,
        ["Classifier"] = "news",
        ["Status"] = "classified",
        ["Label"] = "World",
        ["Score"] = 0.75,
        ["Probabilities"] = """{"World":0.75,"Sports":0.25}""",
        ["ModelVersion"] = "v1",
        ["Tokens"] = 5,
        ["Truncated"] = false,
        ["Title"] = "Cup",
        ["TextHash"] = TextHash,
        ["InsertedOn"] = Noon.AddMinutes(-1),
        ["CompletedAt"] = Noon,
        ["Replaced"] = false,
        ["Review"] = true,
        ["QueueMilliseconds"] = 10.0,
        ["WaitMilliseconds"] = 1.0,
        ["ForwardMilliseconds"] = 2.0,
        ["ResultETag"] = etag,
    };

    private static SortedDictionary<string, object?> Sorted(IEnumerable<KeyValuePair<string, object?>> columns) =>
        new(columns.ToDictionary(), StringComparer.Ordinal);

    private async Task UploadAsync(string name, string content) =>
        await storage.Container("models").UploadBlobAsync(name, BinaryData.FromString(content), CancellationToken);

    private async Task AddAsync(string table, string partition, string row, Dictionary<string, object?> columns) =>
        await storage.Table(table).AddEntityAsync(new TableEntity(columns) { PartitionKey = partition, RowKey = row }, CancellationToken);
}
