using System.Text;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Models;

public sealed class ModelCatalogTests(Emulator emulator) : IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly TemporaryFolder folder = new();
    private ModelRegistry registry = null!;
    private TrainingRuns runs = null!;
    private ModelCatalog catalog = null!;
    private StorageClients storage = null!;

    public async ValueTask InitializeAsync()
    {
        storage = await emulator.NewAccountAsync();
        registry = new ModelRegistry(storage, Path.Combine(folder.Path, "cache"), TimeProvider.System);
        runs = new TrainingRuns(storage);
        catalog = new ModelCatalog(storage, registry, runs, TimeProvider.System);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_version_is_listed_with_its_figures_its_files_and_what_the_gate_said()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");

        var version = Assert.Single(await catalog.ListVersionsAsync("news", Cancel));

        Assert.Equal(VersionState.Serving, version.State);
        Assert.Equal((0.9, 0.75, 40), (version.Accuracy, version.MacroF1, version.HeldOut));
        Assert.Equal("Not shown to be worse.", version.Gate);
        Assert.Equal(["labels.json", "metrics.json", "plots/confusion.png"], version.Files);
        Assert.Equal(["news"], await catalog.ListClassifiersAsync(Cancel));
    }

    [Fact]
    public async Task A_version_that_the_gate_refused_waits_as_a_candidate_which_can_be_promoted_and_rolled_back()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        await UploadAsync("v2", TrainingState.Refused, "worse");

        var before = await StatesAsync();
        var forward = await PromoteAsync("v2");
        var between = await StatesAsync();
        var back = await PromoteAsync("v1");
        var after = await StatesAsync();

        Assert.Equal(["v2 Candidate worse", "v1 Serving "], before);
        Assert.Equal(new Promotion("news", "v2", "v1"), forward);
        Assert.Equal(["v2 Serving worse", "v1 Published "], between);
        Assert.Equal(new Promotion("news", "v1", "v2"), back);
        Assert.Equal(["v2 Published worse", "v1 Serving "], after);
    }

    [Fact]
    public async Task A_version_that_the_functions_could_not_use_is_failed_until_it_is_promoted_again()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        await registry.NoteServingProblemAsync("news", "v1", "its weights are damaged", Cancel);
        var failed = await StatesAsync();
        await UploadAsync("v2", TrainingState.Published);
        await PublishAsync("v2");

        await PromoteAsync("v1");

        Assert.Equal(["v1 Failed its weights are damaged"], failed);
        Assert.Equal("v1 Serving ", (await StatesAsync())[1]);
    }

    [Fact]
    public async Task A_version_of_another_base_is_not_promoted()
    {
        await UploadAsync("v1", TrainingState.Refused);

        var error = await Assert.ThrowsAsync<PromotionException>(() => PromoteAsync("v1", "tests/other"));

        Assert.Contains("tests/other", error.Message, StringComparison.Ordinal);
        Assert.Null((await registry.ReadPointerAsync("news", null, Cancel)).Current);
    }

    [Fact]
    public async Task A_version_that_does_not_exist_cannot_be_promoted() => Assert.Null(await PromoteAsync("v9"));

    [Theory]
    [InlineData("labels.json", "spoilt", "labels.json is damaged")]
    [InlineData("plots/confusion.png", null, "plots/confusion.png is missing")]
    public async Task A_version_whose_files_are_not_what_its_manifest_says_is_not_promoted(string file, string? content, string reason)
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        await UploadAsync("v2", TrainingState.Published);
        var blob = storage.Container("models").GetBlobClient($"adapters/news/v2/{file}");
        await (content is null ? blob.DeleteAsync(cancellationToken: Cancel) : (Task)blob.UploadAsync(BinaryData.FromString(content), overwrite: true, Cancel));

        var error = await Assert.ThrowsAsync<PromotionException>(() => PromoteAsync("v2"));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal("v1", (await registry.ReadPointerAsync("news", null, Cancel)).Current!.Version);
    }

    [Fact]
    public async Task A_version_whose_manifest_is_damaged_is_neither_listed_nor_promoted()
    {
        await UploadAsync("v1", TrainingState.Published);
        await UploadAsync("v2", TrainingState.Published);
        await storage.Container("models").GetBlobClient("adapters/news/v2/manifest.json").UploadAsync(BinaryData.FromString("{"), overwrite: true, Cancel);

        var error = await Assert.ThrowsAsync<PromotionException>(() => PromoteAsync("v2"));

        Assert.Contains("manifest.json is damaged", error.Message, StringComparison.Ordinal);
        Assert.Equal(["v1"], (await catalog.ListVersionsAsync("news", Cancel)).Select(version => version.Version));
    }

    [Fact]
    public async Task A_pointer_that_is_damaged_hides_no_version_and_promoting_one_mends_it()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        await storage.Container("models").GetBlobClient("adapters/news/current.json").UploadAsync(BinaryData.FromString("{"), overwrite: true, Cancel);
        var damaged = await StatesAsync();

        var promotion = await PromoteAsync("v1");

        Assert.Equal(["v1 Published "], damaged);
        Assert.Equal(new Promotion("news", "v1", Previous: null), promotion);
        Assert.Equal(["v1 Serving "], await StatesAsync());
    }

    [Fact]
    public async Task A_version_that_fails_when_it_is_tried_is_not_promoted()
    {
        await UploadAsync("v1", TrainingState.Published);

        var error = await Assert.ThrowsAsync<PromotionException>(() =>
            catalog.PromoteAsync("news", "v1", ToyModel.Base, (_, _, _) => throw new InvalidDataException("its weights are damaged"), Cancel));

        Assert.Equal("Version 'v1' cannot be used: its weights are damaged", error.Message);
        Assert.Null((await registry.ReadPointerAsync("news", null, Cancel)).Current);
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

        await using var content = await catalog.OpenFileAsync("news", "v1", file, Cancel);

        Assert.Equal(exists, content is not null);
    }

    [Fact]
    public async Task A_classifier_whose_first_training_left_nothing_is_not_listed()
    {
        await storage.Container("models").GetBlobClient(StorageNames.TrainingLeaseBlob("desk")).UploadAsync(BinaryData.FromString(""), Cancel);

        Assert.Empty(await catalog.ListClassifiersAsync(Cancel));
        Assert.Empty(await catalog.ListVersionsAsync("desk", Cancel));
    }

    private async Task<IReadOnlyList<string>> StatesAsync() =>
        [.. (await catalog.ListVersionsAsync("news", Cancel)).Select(version => $"{version.Version} {version.State} {version.Reason}")];

    private async Task UploadAsync(string version, TrainingState state, string? reason = null)
    {
        const string Metrics = """{"heldOut":{"rows":40,"accuracy":0.9,"perLabel":[{"f1":0.5},{"f1":1}]},"gate":{"reason":"Not shown to be worse."}}""";
        var local = Path.Combine(folder.Path, version);
        Directory.CreateDirectory(Path.Combine(local, "plots"));
        await File.WriteAllTextAsync(Path.Combine(local, "labels.json"), "{}", Cancel);
        await File.WriteAllTextAsync(Path.Combine(local, "metrics.json"), Metrics, Cancel);
        await File.WriteAllBytesAsync(Path.Combine(local, "plots/confusion.png"), Encoding.UTF8.GetBytes(version), Cancel);
        await registry.UploadVersionAsync("news", version, local, ToyModel.Base, "news/data.csv", "e", Cancel);
        await runs.WriteAsync(new TrainingRun("news", version) { State = state, Reason = reason }, Cancel);
    }

    private Task<Promotion?> PromoteAsync(string version, string baseModel = ToyModel.Base) =>
        catalog.PromoteAsync("news", version, baseModel, (_, _, _) => Task.CompletedTask, Cancel);

    private async Task PublishAsync(string version) =>
        Assert.True(await registry.PublishAsync("news", version, (await registry.ReadPointerAsync("news", null, Cancel)).ETag, Cancel));
}
