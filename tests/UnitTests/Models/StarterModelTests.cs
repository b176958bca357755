using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;

namespace Serverless.UnitTests.Models;

public sealed class StarterModelTests(Emulator emulator) : RegistryTest
{
    [Fact]
    public async Task The_starter_is_published_once_and_never_replaces_a_version_that_serves()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        var starter = new StarterModel(registry, NullLogger<StarterModel>.Instance);
        Folder.File("starter/base/config.json", "{}");
        Folder.File("starter/adapters/news/adapter_config.json", "{}");

        await starter.EnsureAsync(Path.Combine(Folder.Path, "starter"), CancellationToken);
        Assert.Equal("starter", (await registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.Version);

        await UploadAsync(registry, "v1");
        var reading = await registry.Pointers.ReadAsync("news", null, CancellationToken);
        await registry.Pointers.PublishAsync("news", "v1", reading.ETag, CancellationToken);
        await starter.EnsureAsync(Path.Combine(Folder.Path, "starter"), CancellationToken);
        Assert.Equal("v1", (await registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.Version);

        await storage.Container("models").GetBlobClient("adapters/news/current.json").UploadAsync(BinaryData.FromString("{"), overwrite: true, CancellationToken);
        await starter.EnsureAsync(Path.Combine(Folder.Path, "starter"), CancellationToken);
        Assert.Contains("current.json is damaged", (await registry.Pointers.ReadAsync("news", null, CancellationToken)).Damage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_did_not_write_the_pointer_is_completed_by_the_next_one()
    {
        var storage = await emulator.NewAccountAsync();
        var registry = NewRegistry(storage);
        var starter = new StarterModel(registry, NullLogger<StarterModel>.Instance);
        Folder.File("starter/base/config.json", "{}");
        Folder.File("starter/adapters/news/adapter_config.json", "{}");
        await starter.EnsureAsync(Path.Combine(Folder.Path, "starter"), CancellationToken);
        await storage.Container("models").GetBlockBlobClient("adapters/news/current.json").DeleteAsync(cancellationToken: CancellationToken);

        await starter.EnsureAsync(Path.Combine(Folder.Path, "starter"), CancellationToken);

        Assert.Equal("starter", (await registry.Pointers.ReadAsync("news", null, CancellationToken)).Current!.Version);
    }
}
