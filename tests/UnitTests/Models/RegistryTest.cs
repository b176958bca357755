using System.Text.Json;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Models;

/// <summary>Base class of the tests of the model stores: a registry with a cache folder, and versions to upload.</summary>
public abstract class RegistryTest : IDisposable
{
    private protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private protected TemporaryFolder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected ModelRegistry NewRegistry(StorageClients storage) =>
        new(storage, new TrainingRuns(storage), Path.Combine(Folder.Path, "cache"), TimeProvider.System);

    private protected async Task UploadAsync(ModelRegistry registry, string version)
    {
        Folder.File($"{version}/adapter_config.json", "{}");
        Folder.File($"{version}/adapter_model.safetensors", $"weights of {version}");
        Folder.File($"{version}/labels.json", JsonSerializer.Serialize(new { labels = new[] { "a", "b" } }));
        Folder.File($"{version}/metrics.json", """{"accuracy":0.9}""");
        await registry.Versions.UploadAsync("news", version, Path.Combine(Folder.Path, version), "owner/tiny", "news/a.csv", "\"0x1\"", CancellationToken);
    }
}
