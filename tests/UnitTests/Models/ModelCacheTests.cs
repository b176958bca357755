using System.Security.Cryptography;
using Azure.Storage.Blobs.Models;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.UnitTests.Models;

/// <summary>Downloaded files are verified by each process before it uses them, and replaced once.</summary>
public sealed class ModelCacheTests(Emulator emulator) : RegistryTest
{
    private static readonly byte[] Weights = RandomNumberGenerator.GetBytes(100_000);

    [Theory]
    [InlineData(true, Damage.Changed)]
    [InlineData(true, Damage.Truncated)]
    [InlineData(true, Damage.Emptied)]
    [InlineData(true, Damage.Deleted)]
    [InlineData(false, Damage.Changed)]
    [InlineData(false, Damage.Truncated)]
    [InlineData(false, Damage.Deleted)]
    public async Task A_damaged_file_of_a_cached_base_is_replaced_by_the_next_process(bool hasManifest, Damage damage)
    {
        var storage = await emulator.NewAccountAsync();
        await UploadBaseAsync(storage, hasManifest);
        var first = await NewRegistry(storage).Bases.DownloadAsync("owner/tiny", CancellationToken);
        Inflict(damage, Path.Combine(first.Folder, "model.safetensors"));

        var second = await NewRegistry(storage).Bases.DownloadAsync("owner/tiny", CancellationToken);

        Assert.Equal(first, second);
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(second.Folder, "model.safetensors"), CancellationToken));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(second.Folder)!));
    }

    [Theory]
    [InlineData(Damage.Changed)]
    [InlineData(Damage.Deleted)]
    public async Task A_file_that_changes_after_its_first_use_is_replaced_at_the_next(Damage damage)
    {
        var storage = await emulator.NewAccountAsync();
        await UploadBaseAsync(storage, hasManifest: true);
        var registry = NewRegistry(storage);
        var first = await registry.Bases.DownloadAsync("owner/tiny", CancellationToken);
        Inflict(damage, Path.Combine(first.Folder, "model.safetensors"));

        var second = await registry.Bases.DownloadAsync("owner/tiny", CancellationToken);

        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(second.Folder, "model.safetensors"), CancellationToken));
    }

    [Fact]
    public async Task A_damaged_file_of_a_cached_version_is_replaced_by_the_next_process()
    {
        var storage = await emulator.NewAccountAsync();
        await UploadAsync(NewRegistry(storage), "v1");
        var first = await NewRegistry(storage).Versions.DownloadAsync("news", "v1", null, CancellationToken);
        Inflict(Damage.Changed, Path.Combine(first.Folder, "adapter_model.safetensors"));

        var second = await NewRegistry(storage).Versions.DownloadAsync("news", "v1", null, CancellationToken);

        Assert.Equal("weights of v1", await File.ReadAllTextAsync(Path.Combine(second.Folder, "adapter_model.safetensors"), CancellationToken));
    }

    [Fact]
    public async Task A_file_that_is_damaged_in_storage_too_is_named()
    {
        var storage = await emulator.NewAccountAsync();
        await UploadBaseAsync(storage, hasManifest: true);
        var first = await NewRegistry(storage).Bases.DownloadAsync("owner/tiny", CancellationToken);
        Inflict(Damage.Changed, Path.Combine(first.Folder, "model.safetensors"));
        var blob = storage.Container(StorageNames.ModelsContainer).GetBlobClient("base/owner/tiny/model.safetensors");
        await blob.UploadAsync(BinaryData.FromString("other"), overwrite: true, CancellationToken);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => NewRegistry(storage).Bases.DownloadAsync("owner/tiny", CancellationToken));

        Assert.Contains("models/base/owner/tiny/model.safetensors is damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_base_uploaded_by_hand_is_compared_with_the_MD5_in_storage()
    {
        var storage = await emulator.NewAccountAsync();
        await UploadBaseAsync(storage, hasManifest: false);
        var blob = storage.Container(StorageNames.ModelsContainer).GetBlobClient("base/owner/tiny/model.safetensors");
        await blob.SetHttpHeadersAsync(new BlobHttpHeaders { ContentHash = new byte[16] }, cancellationToken: CancellationToken);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => NewRegistry(storage).Bases.DownloadAsync("owner/tiny", CancellationToken));

        Assert.Contains("models/base/owner/tiny/model.safetensors was damaged", error.Message, StringComparison.Ordinal);
        Assert.Contains("MD5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_whole_cache_is_not_downloaded_again()
    {
        var storage = await emulator.NewAccountAsync();
        await UploadBaseAsync(storage, hasManifest: true);
        var first = await NewRegistry(storage).Bases.DownloadAsync("owner/tiny", CancellationToken);
        var written = File.GetCreationTimeUtc(Path.Combine(first.Folder, "model.safetensors"));
        File.WriteAllText(Path.Combine(first.Folder, "mark"), "a fresh download would not have it");

        var second = await NewRegistry(storage).Bases.DownloadAsync("owner/tiny", CancellationToken);

        Assert.Equal(first, second);
        Assert.True(File.Exists(Path.Combine(second.Folder, "mark")));
        Assert.Equal(written, File.GetCreationTimeUtc(Path.Combine(second.Folder, "model.safetensors")));
    }

    [Fact]
    public async Task The_hash_of_a_base_is_the_same_by_every_way_and_ignores_its_hyper_parameters()
    {
        var storage = await emulator.NewAccountAsync();
        await UploadBaseAsync(storage, hasManifest: true);
        var registry = NewRegistry(storage);

        var downloaded = await registry.Bases.DownloadAsync("owner/tiny", CancellationToken);
        var found = await registry.Bases.FindSha256Async("owner/tiny", CancellationToken);
        Folder.File("up/training.json", """{"num_train_epochs":9}""");
        Folder.File("up/README.md", "words");
        var read = await LocalBase.ReadAsync("owner/tiny", Path.Combine(Folder.Path, "up"), CancellationToken);

        Assert.Equal((downloaded.Sha256, downloaded.Sha256), (found, read.Sha256));
        Assert.Equal(
            Sha256Hex.HashText($"{Sha256Hex.HashText("{}")}  config.json\n{Sha256Hex.HashBytes(Weights)}  model.safetensors\n"), downloaded.Sha256);
        Folder.File("up/config.json", """{"rope_theta":1}""");
        Assert.NotEqual(downloaded.Sha256, (await LocalBase.ReadAsync("owner/tiny", Path.Combine(Folder.Path, "up"), CancellationToken)).Sha256);
    }

    private async Task UploadBaseAsync(StorageClients storage, bool hasManifest)
    {
        Folder.File("up/config.json", "{}");
        Folder.File("up/model.safetensors", Weights);
        await NewRegistry(storage).Bases.UploadAsync("owner/tiny", Path.Combine(Folder.Path, "up"), CancellationToken);
        if (!hasManifest)
        {
            await storage.Container(StorageNames.ModelsContainer).DeleteBlobAsync("base/owner/tiny/manifest.json", cancellationToken: CancellationToken);
        }
    }

    private static void Inflict(Damage damage, string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.Delete(path);
        if (damage != Damage.Deleted)
        {
            File.WriteAllBytes(path, damage switch { Damage.Truncated => bytes[..^1], Damage.Emptied => [], _ => bytes });
        }
    }

    public enum Damage
    {
        Changed,
        Truncated,
        Emptied,
        Deleted,
    }
}
