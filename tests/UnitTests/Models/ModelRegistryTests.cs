using System.Text.Json;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.UnitTests.Models;

public sealed class ModelRegistryTests(Emulator emulator) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_base_model_comes_down_as_it_went_up_without_the_pickles_beside_it()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        folder.File("up/config.json", "{}");
        folder.File("up/model.safetensors", "weights");
        folder.File("up/pytorch_model.bin", "pickle");
        folder.File("up/original/consolidated.json", "copy");

        await registry.UploadBaseAsync("owner/tiny", Path.Combine(folder.Path, "up"), Cancel);
        var local = await registry.DownloadBaseAsync("owner/tiny", Cancel);

        Assert.Equal(["config.json", "model.safetensors"], Directory.EnumerateFiles(local).Select(Path.GetFileName).Order());
        Assert.Equal("weights", await File.ReadAllTextAsync(Path.Combine(local, "model.safetensors"), Cancel));
    }

    [Fact]
    public async Task A_base_model_uploaded_by_hand_needs_no_manifest_and_a_changed_one_is_noticed()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        var config = storage.Container("models").GetBlobClient("base/owner/hand/config.json");
        await config.UploadAsync(BinaryData.FromString("{}"), Cancel);
        var first = await registry.DownloadBaseAsync("owner/hand", Cancel);

        await config.UploadAsync(BinaryData.FromString("""{"a":1}"""), overwrite: true, Cancel);
        var second = await registry.DownloadBaseAsync("owner/hand", Cancel);

        Assert.NotEqual(first, second);
        Assert.Equal("""{"a":1}""", await File.ReadAllTextAsync(Path.Combine(second, "config.json"), Cancel));
    }

    [Fact]
    public async Task A_base_model_that_is_not_there_is_named_with_the_place_where_it_belongs()
    {
        var registry = Registry(await emulator.NewAccountAsync());

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.DownloadBaseAsync("owner/none", Cancel));

        Assert.Contains("models/base/owner/none/", error.Message);
    }

    [Fact]
    public async Task A_published_version_is_found_through_the_pointer_and_verified()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        await Upload(registry, "v1");

        Assert.True(await registry.PublishAsync("news", "v1", expected: null, Cancel));

        var reading = await registry.ReadPointerAsync("news", null, Cancel);
        Assert.False(reading.Unchanged);
        Assert.Equal("v1", reading.Current!.Version);
        var local = await registry.DownloadVersionAsync("news", "v1", reading.Current.ManifestSha256, Cancel);
        Assert.Equal("weights of v1", await File.ReadAllTextAsync(Path.Combine(local.Folder, "adapter_model.safetensors"), Cancel));
        Assert.Equal("owner/tiny", local.Manifest.BaseModel);
        Assert.Equal("news/a.csv", local.Manifest.Dataset);
    }

    [Fact]
    public async Task An_unchanged_pointer_is_not_read_again()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        await Upload(registry, "v1");
        Assert.True((await registry.ReadPointerAsync("news", null, Cancel)).Unchanged);
        await registry.PublishAsync("news", "v1", expected: null, Cancel);
        var first = await registry.ReadPointerAsync("news", null, Cancel);

        var second = await registry.ReadPointerAsync("news", first.ETag, Cancel);

        Assert.True(second.Unchanged);
        Assert.Equal(first.ETag, second.ETag);
    }

    [Fact]
    public async Task Of_two_publishers_that_read_the_same_pointer_one_must_decide_again()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        await Upload(registry, "v1");
        await Upload(registry, "v2");
        await Upload(registry, "v3");

        Assert.True(await registry.PublishAsync("news", "v1", expected: null, Cancel));
        Assert.False(await registry.PublishAsync("news", "v2", expected: null, Cancel));
        var reading = await registry.ReadPointerAsync("news", null, Cancel);
        Assert.True(await registry.PublishAsync("news", "v2", reading.ETag, Cancel));
        Assert.False(await registry.PublishAsync("news", "v3", reading.ETag, Cancel));

        Assert.Equal("v2", (await registry.ReadPointerAsync("news", null, Cancel)).Current!.Version);
    }

    [Fact]
    public async Task The_pointer_remembers_the_last_versions_that_served_each_once_the_latest_first()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        foreach (var version in new[] { "v1", "v2", "v3", "v4", "v5", "v6", "v7" })
        {
            await Upload(registry, version);
            await registry.PublishAsync("news", version, (await registry.ReadPointerAsync("news", null, Cancel)).ETag, Cancel);
        }

        await registry.PublishAsync("news", "v5", (await registry.ReadPointerAsync("news", null, Cancel)).ETag, Cancel);

        var pointer = (await registry.ReadPointerAsync("news", null, Cancel)).Current!;
        Assert.Equal(["v7", "v6", "v4", "v3", "v2"], pointer.Previous.Select(previous => previous.Version));
    }

    [Fact]
    public async Task Only_what_a_version_is_loaded_from_is_downloaded()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        var source = Path.Combine(folder.Path, "reported");
        foreach (var file in new[] { "adapter_model.safetensors", "labels.json", "report.html", "confusion_matrix.png", "plots/more.json" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(source, file))!);
            await File.WriteAllTextAsync(Path.Combine(source, file), file, Cancel);
        }

        await registry.UploadVersionAsync("news", "v1", source, "owner/tiny", dataset: null, datasetETag: null, Cancel);

        var local = await registry.DownloadVersionAsync("news", "v1", null, Cancel);
        Assert.Equal(["adapter_model.safetensors", "labels.json"], Directory.EnumerateFileSystemEntries(local.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_version_never_changes()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        await Upload(registry, "v1");

        await Assert.ThrowsAsync<InvalidOperationException>(() => Upload(registry, "v1"));
    }

    [Fact]
    public async Task A_version_that_was_not_uploaded_cannot_be_published()
    {
        var registry = Registry(await emulator.NewAccountAsync());

        await Assert.ThrowsAsync<InvalidOperationException>(() => registry.PublishAsync("news", "v1", expected: null, Cancel));
    }

    [Fact]
    public async Task A_damaged_file_is_named_and_leaves_nothing_in_the_cache()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        await Upload(registry, "v1");
        await storage.Container("models").GetBlobClient("adapters/news/v1/adapter_model.safetensors").UploadAsync(BinaryData.FromString("other"), overwrite: true, Cancel);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.DownloadVersionAsync("news", "v1", null, Cancel));

        Assert.Contains("adapters/news/v1/adapter_model.safetensors is damaged", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, "cache/adapters/news")));
    }

    [Fact]
    public async Task A_manifest_other_than_the_one_that_was_published_is_refused()
    {
        var registry = Registry(await emulator.NewAccountAsync());
        await Upload(registry, "v1");

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.DownloadVersionAsync("news", "v1", new string('0', 64), Cancel));

        Assert.Contains("manifest", error.Message);
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        await Upload(registry, "v1");
        await storage.Container("models").DeleteBlobAsync("adapters/news/v1/labels.json", cancellationToken: Cancel);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.DownloadVersionAsync("news", "v1", null, Cancel));

        Assert.Contains("labels.json is missing", error.Message);
    }

    [Fact]
    public async Task A_manifest_that_names_a_file_outside_its_folder_is_refused()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        await storage.Container("models").UploadBlobAsync("adapters/news/bad/manifest.json", BinaryData.FromString("""{"baseModel":"a/b","created":"2026-11-23T00:00:00Z","files":{"../../out.json":"00"}}"""), Cancel);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.DownloadVersionAsync("news", "bad", null, Cancel));

        Assert.Contains("outside its folder", error.Message);
    }

    [Fact]
    public async Task A_cached_version_is_not_downloaded_again()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        await Upload(registry, "v1");
        var first = await registry.DownloadVersionAsync("news", "v1", null, Cancel);
        await storage.Container("models").DeleteBlobAsync("adapters/news/v1/adapter_model.safetensors", cancellationToken: Cancel);

        var second = await registry.DownloadVersionAsync("news", "v1", null, Cancel);

        Assert.Equal(first.Folder, second.Folder);
    }

    [Fact]
    public async Task Versions_are_listed_with_their_metrics_and_the_one_that_serves()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        await Upload(registry, "v1");
        await Upload(registry, "v2");
        await registry.PublishAsync("news", "v1", expected: null, Cancel);
        await storage.Container("models").UploadBlobAsync("adapters/news/broken-off/adapter_config.json", BinaryData.FromString("{}"), Cancel);

        var versions = await registry.ListVersionsAsync("news", Cancel);

        Assert.Equal([("v1", true), ("v2", false)], versions.Select(version => (version.Version, version.Serving)));
        Assert.Equal(0.9, versions[0].Metrics!.Value.GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public async Task The_starter_is_published_once_and_never_over_what_serves()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        var starter = new StarterModel(registry, NullLogger<StarterModel>.Instance);
        folder.File("starter/base/config.json", "{}");
        folder.File("starter/adapters/news/adapter_config.json", "{}");

        await starter.EnsureAsync(Path.Combine(folder.Path, "starter"), Cancel);
        Assert.Equal("starter", (await registry.ReadPointerAsync("news", null, Cancel)).Current!.Version);

        await Upload(registry, "v1");
        var reading = await registry.ReadPointerAsync("news", null, Cancel);
        await registry.PublishAsync("news", "v1", reading.ETag, Cancel);
        await starter.EnsureAsync(Path.Combine(folder.Path, "starter"), Cancel);
        Assert.Equal("v1", (await registry.ReadPointerAsync("news", null, Cancel)).Current!.Version);

        await storage.Container("models").GetBlobClient("adapters/news/current.json").UploadAsync(BinaryData.FromString("{"), overwrite: true, Cancel);
        await starter.EnsureAsync(Path.Combine(folder.Path, "starter"), Cancel);
        Assert.Contains("current.json is damaged", (await registry.ReadPointerAsync("news", null, Cancel)).Damage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_broke_off_before_the_pointer_is_completed_by_the_next()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = Registry(storage);
        var starter = new StarterModel(registry, NullLogger<StarterModel>.Instance);
        folder.File("starter/base/config.json", "{}");
        folder.File("starter/adapters/news/adapter_config.json", "{}");
        await starter.EnsureAsync(Path.Combine(folder.Path, "starter"), Cancel);
        await storage.Container("models").GetBlockBlobClient("adapters/news/current.json").DeleteAsync(cancellationToken: Cancel);

        await starter.EnsureAsync(Path.Combine(folder.Path, "starter"), Cancel);

        Assert.Equal("starter", (await registry.ReadPointerAsync("news", null, Cancel)).Current!.Version);
    }

    private ModelRegistry Registry(StorageClients storage) => new(storage, Path.Combine(folder.Path, "cache"), TimeProvider.System);

    private async Task Upload(ModelRegistry registry, string version)
    {
        folder.File($"{version}/adapter_config.json", "{}");
        folder.File($"{version}/adapter_model.safetensors", $"weights of {version}");
        folder.File($"{version}/labels.json", JsonSerializer.Serialize(new { labels = new[] { "a", "b" } }));
        folder.File($"{version}/metrics.json", """{"accuracy":0.9}""");
        await registry.UploadVersionAsync("news", version, Path.Combine(folder.Path, version), "owner/tiny", "news/a.csv", "\"0x1\"", Cancel);
    }
}
