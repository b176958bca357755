using System.Text;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Models;

public sealed class ModelCatalogTests(Emulator emulator) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private ModelRegistry registry = null!;
    private TrainingRuns runs = null!;
    private ModelCatalog catalog = null!;
    private StorageClients storage = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        storage = await emulator.NewAccountAsync();
        runs = new TrainingRuns(storage);
        registry = new ModelRegistry(storage, runs, Path.Combine(folder.Path, "cache"), TimeProvider.System);
        catalog = new ModelCatalog(storage, registry, runs);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_version_is_listed_with_its_metrics_its_files_and_the_verdict_of_the_gate()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");

        var version = Assert.Single(await catalog.ListVersionsAsync("news", CancellationToken));

        Assert.Equal(VersionState.Serving, version.State);
        Assert.Equal((0.9, 0.75, 40), (version.Accuracy, version.MacroF1, version.HeldOut));
        Assert.Equal("Not shown to be worse.", version.Gate);
        Assert.Equal(["labels.json", "metrics.json", "plots/confusion.png"], version.Files);
        Assert.Equal(["news"], await catalog.ListClassifiersAsync(CancellationToken));
    }

    [Theory]
    [InlineData("labels.json", true)]
    [InlineData("plots/confusion.png", true)]
    [InlineData("manifest.json", false)]
    [InlineData("../v1/labels.json", false)]
    [InlineData("../../../base/x", false)]
    [InlineData("", false)]
    public async Task Only_files_of_the_manifest_are_opened(string file, bool exists)
    {
        await UploadAsync("v1", TrainingState.Published);

        await using var content = await catalog.OpenFileAsync("news", "v1", file, CancellationToken);

        Assert.Equal(exists, content is not null);
    }

    [Fact]
    public async Task A_classifier_whose_first_training_failed_is_not_listed()
    {
        await storage.Container("models").GetBlobClient(StorageNames.TrainingLeaseBlob("desk")).UploadAsync(BinaryData.FromString(""), CancellationToken);

        Assert.Empty(await catalog.ListClassifiersAsync(CancellationToken));
        Assert.Empty(await catalog.ListVersionsAsync("desk", CancellationToken));
    }

    private async Task UploadAsync(string version, TrainingState state)
    {
        const string Metrics = """{"heldOut":{"rows":40,"accuracy":0.9,"perLabel":[{"f1":0.5},{"f1":1}]},"gate":{"reason":"Not shown to be worse."}}""";
        var local = Path.Combine(folder.Path, version);
        Directory.CreateDirectory(Path.Combine(local, "plots"));
        await File.WriteAllTextAsync(Path.Combine(local, "labels.json"), "{}", CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(local, "metrics.json"), Metrics, CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(local, "plots/confusion.png"), Encoding.UTF8.GetBytes(version), CancellationToken);
        await registry.Versions.UploadAsync("news", version, local, ToyModel.Base, "news/data.csv", "e", CancellationToken);
        await runs.WriteAsync(new TrainingRun("news", version) { State = state }, CancellationToken);
    }

    private async Task PublishAsync(string version) =>
        Assert.True(await registry.Pointers.PublishAsync("news", version, (await registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag, CancellationToken));
}
