namespace Serverless.UnitTests.Models;

public sealed class ModelPointerStoreTests(Emulator emulator) : RegistryTest
{
    [Fact]
    public async Task A_published_version_is_found_through_the_pointer_and_verified()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        await UploadAsync(registry, "v1");

        Assert.True(await registry.Pointers.PublishAsync("news", "v1", expected: null, CancellationToken));

        var reading = await registry.Pointers.ReadAsync("news", null, CancellationToken);
        Assert.False(reading.Unchanged);
        Assert.Equal("v1", reading.Current!.Version);
        var local = await registry.Versions.DownloadAsync("news", "v1", reading.Current.ManifestSha256, CancellationToken);
        Assert.Equal("weights of v1", await File.ReadAllTextAsync(Path.Combine(local.Folder, "adapter_model.safetensors"), CancellationToken));
        Assert.Equal("owner/tiny", local.Manifest.BaseModel);
        Assert.Equal("news/a.csv", local.Manifest.Dataset);
    }

    [Fact]
    public async Task An_unchanged_pointer_is_not_read_again()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        await UploadAsync(registry, "v1");
        Assert.True((await registry.Pointers.ReadAsync("news", null, CancellationToken)).Unchanged);
        await registry.Pointers.PublishAsync("news", "v1", expected: null, CancellationToken);
        var first = await registry.Pointers.ReadAsync("news", null, CancellationToken);

        var second = await registry.Pointers.ReadAsync("news", first.ETag, CancellationToken);

        Assert.True(second.Unchanged);
        Assert.Equal(first.ETag, second.ETag);
    }

    [Fact]
    public async Task Of_two_publishers_that_read_the_same_pointer_only_one_succeeds()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        await UploadAsync(registry, "v1");
        await UploadAsync(registry, "v2");
        await UploadAsync(registry, "v3");

        Assert.True(await registry.Pointers.PublishAsync("news", "v1", expected: null, CancellationToken));
        Assert.False(await registry.Pointers.PublishAsync("news", "v2", expected: null, CancellationToken));
        var reading = await registry.Pointers.ReadAsync("news", null, CancellationToken);
        Assert.True(await registry.Pointers.PublishAsync("news", "v2", reading.ETag, CancellationToken));
        Assert.False(await registry.Pointers.PublishAsync("news", "v3", reading.ETag, CancellationToken));

        Assert.Equal("v2", (await registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.Version);
    }

    [Fact]
    public async Task The_pointer_lists_the_last_five_versions_that_served_latest_first()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());
        foreach (var version in new[] { "v1", "v2", "v3", "v4", "v5", "v6", "v7" })
        {
            await UploadAsync(registry, version);
            await registry.Pointers.PublishAsync("news", version, (await registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag, CancellationToken);
        }

        await registry.Pointers.PublishAsync("news", "v5", (await registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag, CancellationToken);

        var pointer = (await registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!;
        Assert.Equal(["v7", "v6", "v4", "v3", "v2"], pointer.Previous.Select(previous => previous.Version));
    }

    [Fact]
    public async Task A_version_that_was_not_uploaded_cannot_be_published()
    {
        var registry = NewRegistry(await emulator.NewAccountAsync());

        await Assert.ThrowsAsync<InvalidOperationException>(() => registry.Pointers.PublishAsync("news", "v1", expected: null, CancellationToken));
    }
}
