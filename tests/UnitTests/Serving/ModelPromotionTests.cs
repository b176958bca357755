using Serverless.Models;
using Serverless.Serving;
using Serverless.Training;

namespace Serverless.UnitTests.Serving;

public sealed class ModelPromotionTests(Emulator emulator) : ServingTest(emulator)
{
    private TrainingRuns runs = null!;
    private ModelCatalog catalog = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        runs = new TrainingRuns(Storage);
        catalog = new ModelCatalog(Storage, Registry, runs);
    }

    [Fact]
    public async Task A_candidate_that_the_gate_refused_can_be_promoted_and_rolled_back()
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
    public async Task A_version_that_could_not_be_used_is_failed_until_it_is_promoted_again()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        await runs.RecordServingErrorAsync("news", "v1", "its weights are damaged", CancellationToken);
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
        Options = Options with { Base = "tests/other" };

        var error = await Assert.ThrowsAsync<PromotionException>(() => PromoteAsync("v1"));

        Assert.Contains("tests/other", error.Message, StringComparison.Ordinal);
        Assert.Null((await Registry.Pointers.ReadAsync("news", null, CancellationToken)).Current);
    }

    [Fact]
    public async Task A_version_that_does_not_exist_cannot_be_promoted() => Assert.Null(await PromoteAsync("v9"));

    [Theory]
    [InlineData("labels.json", "spoilt", "labels.json is damaged")]
    [InlineData("plots/confusion.png", null, "plots/confusion.png is missing")]
    public async Task A_version_whose_files_do_not_match_its_manifest_is_not_promoted(string file, string? content, string reason)
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        await UploadAsync("v2", TrainingState.Published);
        var blob = Storage.Container("models").GetBlobClient($"adapters/news/v2/{file}");
        await (content is null ? blob.DeleteAsync(cancellationToken: CancellationToken) : (Task)blob.UploadAsync(BinaryData.FromString(content), overwrite: true, CancellationToken));

        var error = await Assert.ThrowsAsync<PromotionException>(() => PromoteAsync("v2"));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal("v1", (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.Version);
    }

    [Fact]
    public async Task A_version_whose_manifest_is_damaged_is_neither_listed_nor_promoted()
    {
        await UploadAsync("v1", TrainingState.Published);
        await UploadAsync("v2", TrainingState.Published);
        await Storage.Container("models").GetBlobClient("adapters/news/v2/manifest.json").UploadAsync(BinaryData.FromString("{"), overwrite: true, CancellationToken);

        var error = await Assert.ThrowsAsync<PromotionException>(() => PromoteAsync("v2"));

        Assert.Contains("manifest.json is damaged", error.Message, StringComparison.Ordinal);
        Assert.Equal(["v1"], (await catalog.ListVersionsAsync("news", CancellationToken)).Select(version => version.Version));
    }

    [Fact]
    public async Task A_damaged_pointer_hides_no_version_and_is_repaired_by_a_promotion()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        await Storage.Container("models").GetBlobClient("adapters/news/current.json").UploadAsync(BinaryData.FromString("{"), overwrite: true, CancellationToken);
        var damaged = await StatesAsync();

        var promotion = await PromoteAsync("v1");

        Assert.Equal(["v1 Published "], damaged);
        Assert.Equal(new Promotion("news", "v1", Previous: null), promotion);
        Assert.Equal(["v1 Serving "], await StatesAsync());
    }

    [Fact]
    public async Task A_promotion_of_what_the_pointer_names_corrects_a_wrong_hash()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        var right = (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.ManifestSha256;
        await ReplaceAsync(
            "adapters/news/current.json", $$"""{"version":"v1","manifestSha256":"{{new string('0', 64)}}","publishedAt":"2026-01-01T00:00:00Z"}""");

        var promotion = await PromoteAsync("v1");

        Assert.Equal(new Promotion("news", "v1", "v1"), promotion);
        Assert.Equal(right, (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.ManifestSha256);
    }

    [Fact]
    public async Task A_promotion_of_the_version_that_serves_leaves_the_pointer_as_it_is()
    {
        await UploadAsync("v1", TrainingState.Published);
        await PublishAsync("v1");
        var before = (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag;

        await PromoteAsync("v1");

        Assert.Equal(before, (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag);
    }

    [Fact]
    public async Task A_version_that_cannot_be_loaded_beside_the_one_that_serves_is_not_promoted()
    {
        await UploadBaseAsync();
        await ToyModel.PublishAsync(Registry, "news", "v1", seed: 1, "a", "b");
        await UploadAsync("v2", TrainingState.Published);
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);

        var error = await Assert.ThrowsAsync<PromotionException>(() => NewPromotion(classifier).PromoteAsync("news", "v2", CancellationToken));

        Assert.StartsWith("Version 'v2' cannot be used: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("labels.json", error.Message, StringComparison.Ordinal);
        Assert.Equal("v1", (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.Version);
    }

    private async Task<IReadOnlyList<string>> StatesAsync() =>
        [.. (await catalog.ListVersionsAsync("news", CancellationToken)).Select(version => $"{version.Version} {version.State} {version.Reason}")];

    private async Task UploadAsync(string version, TrainingState state, string? reason = null)
    {
        Folder.File($"{version}/adapter_config.json", "{}");
        Folder.File($"{version}/adapter_model.safetensors", version);
        Folder.File($"{version}/labels.json", "{}");
        Folder.File($"{version}/plots/confusion.png", version);
        await Registry.Versions.UploadAsync("news", version, Path.Combine(Folder.Path, version), ToyModel.Base, "news/data.csv", "e", CancellationToken);
        await runs.WriteAsync(new TrainingRun("news", version) { State = state, Reason = reason }, CancellationToken);
    }

    private Task<Promotion?> PromoteAsync(string version) => NewPromotion(NewClassifier()).PromoteAsync("news", version, CancellationToken);

    private ModelPromotion NewPromotion(ArticleClassifier classifier) => new(Registry, runs, classifier, Options, TimeProvider.System);

    private async Task PublishAsync(string version) =>
        Assert.True(await Registry.Pointers.PublishAsync("news", version, (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag, CancellationToken));
}
