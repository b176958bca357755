namespace Serverless.UnitTests.Models;

public sealed class ModelVersionStoreTests(Emulator emulator) : RegistryTest
{
    [Fact]
    public async Task Only_the_files_that_a_version_is_loaded_from_are_downloaded()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        var source = Path.Combine(Folder.Path, "reported");
        foreach (var file in new[] { "adapter_config.json", "adapter_model.safetensors", "labels.json", "report.html", "confusion_matrix.png", "plots/more.json" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(source, file))!);
            await File.WriteAllTextAsync(Path.Combine(source, file), file, CancellationToken);
        }

        await registry.Versions.UploadAsync("news", "v1", source, "owner/tiny", dataset: null, datasetETag: null, CancellationToken);

        var local = await registry.Versions.DownloadAsync("news", "v1", null, CancellationToken);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors", "labels.json"], FilesOf(local.Folder));
    }

    [Fact]
    public async Task A_version_never_changes()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        await UploadAsync(registry, "v1");

        await Assert.ThrowsAsync<InvalidOperationException>(() => UploadAsync(registry, "v1"));
    }

    [Fact]
    public async Task A_damaged_file_is_named_and_leaves_nothing_in_the_cache()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        await UploadAsync(registry, "v1");
        var weights = storage.Container("models").GetBlobClient("adapters/news/v1/adapter_model.safetensors");
        await weights.UploadAsync(BinaryData.FromString("other"), overwrite: true, CancellationToken);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.Versions.DownloadAsync("news", "v1", null, CancellationToken));

        Assert.Contains("adapters/news/v1/adapter_model.safetensors is damaged", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Folder.Path, "cache/adapters/news")));
    }

    [Fact]
    public async Task A_manifest_other_than_the_one_that_was_published_is_refused()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        await UploadAsync(registry, "v1");

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.Versions.DownloadAsync("news", "v1", new string('0', 64), CancellationToken));

        Assert.Contains("manifest", error.Message);
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        await UploadAsync(registry, "v1");
        await storage.Container("models").DeleteBlobAsync("adapters/news/v1/labels.json", cancellationToken: CancellationToken);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.Versions.DownloadAsync("news", "v1", null, CancellationToken));

        Assert.Contains("labels.json is missing", error.Message);
    }

    [Fact]
    public async Task A_manifest_that_names_a_file_outside_its_folder_is_refused()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        var manifest = """{"baseModel":"a/b","created":"2026-11-23T00:00:00Z","files":{"../../out.json":"00"}}""";
        await storage.Container("models").UploadBlobAsync("adapters/news/bad/manifest.json", BinaryData.FromString(manifest), CancellationToken);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => registry.Versions.DownloadAsync("news", "bad", null, CancellationToken));

        Assert.Contains("outside its folder", error.Message);
    }

    [Fact]
    public async Task A_cached_version_is_not_downloaded_again()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        await UploadAsync(registry, "v1");
        var first = await registry.Versions.DownloadAsync("news", "v1", null, CancellationToken);
        await storage.Container("models").DeleteBlobAsync("adapters/news/v1/adapter_model.safetensors", cancellationToken: CancellationToken);

        var second = await registry.Versions.DownloadAsync("news", "v1", null, CancellationToken);

        Assert.Equal(first.Folder, second.Folder);
    }

    [Fact]
    public async Task Versions_are_listed_oldest_first_with_their_metrics()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        await UploadAsync(registry, "v1");
        await UploadAsync(registry, "v2");
        await storage.Container("models").UploadBlobAsync("adapters/news/unfinished/adapter_config.json", BinaryData.FromString("{}"), CancellationToken);

        var versions = await registry.Versions.ListAsync("news", CancellationToken);

        Assert.Equal(["v1", "v2"], versions.Select(version => version.Version));
        Assert.Equal(0.9, versions[0].Metrics!.Value.GetProperty("accuracy").GetDouble());
    }

    private static IEnumerable<string?> FilesOf(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
