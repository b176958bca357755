using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Serverless.Llama.Files;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>The folders <c>models/adapters/{classifier}/{version}/</c>: versions of the classifiers. A version never changes.</summary>
public sealed class ModelVersionStore(StorageClients storage, string cacheFolder, TimeProvider time, ILogger log)
{
    private static readonly Dictionary<string, string> NoFiles = [];

    private static readonly string[] Needed = [PeftAdapter.ConfigFileName, PeftAdapter.WeightsFileName];

    private readonly BlobContainerClient container = storage.Container(StorageNames.ModelsContainer);
    private readonly ModelFiles files = new(storage.Container(StorageNames.ModelsContainer));
    private readonly ModelCache cache = new(new ModelFiles(storage.Container(StorageNames.ModelsContainer)), log);

    /// <summary>Downloads the files that a version is loaded from as a local PEFT folder, or verifies those in the cache.</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">The version's name.</param>
    /// <param name="manifestSha256">The expected hash of the manifest (see <see cref="ModelPointer"/>); null to accept any.</param>
    /// <param name="cancellationToken">Cancels the download.</param>
    /// <exception cref="InvalidDataException">The version is missing or damaged.</exception>
    public async Task<LocalVersion> DownloadAsync(string classifier, string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var (manifest, hash) = await ReadManifestAsync(classifier, version, manifestSha256, cancellationToken);
        var folder = StorageNames.VersionFolder(classifier, version);
        var local = $"{Path.Combine(cacheFolder, folder).TrimEnd('/')}.{hash[..12]}";
        StoredFile[] loaded = [.. manifest.Files.Where(file => ModelFiles.IsLoaded(file.Key)).Select(file => new StoredFile(file.Key, file.Value))];
        await cache.DownloadAsync(folder, loaded, local, cancellationToken);
        return new LocalVersion(classifier, version, local, manifest);
    }

    /// <summary>Reads every file of a version in storage and compares it with the manifest, which must list an adapter.</summary>
    /// <exception cref="InvalidDataException">The version, or a file of it, is missing or damaged.</exception>
    /// <returns>The manifest and its own SHA-256.</returns>
    public async Task<(ModelManifest Manifest, string Sha256)> VerifyAsync(
        string classifier, string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var (manifest, hash) = await ReadManifestAsync(classifier, version, manifestSha256, cancellationToken);
        var folder = StorageNames.VersionFolder(classifier, version);
        if (Needed.FirstOrDefault(file => !manifest.Files.ContainsKey(file)) is { } missing)
        {
            throw new InvalidDataException($"{missing} is missing: the manifest in {container.Name}/{folder} does not list it.");
        }

        await files.VerifyAsync(folder, manifest.Files, cancellationToken);
        return (manifest, hash);
    }

    /// <summary>Uploads a PEFT folder as a version: the files first, the manifest last.</summary>
    /// <remarks>It serves only after <see cref="ModelPointerStore.PublishAsync"/>, and on no other base than the one that it was trained on.</remarks>
    /// <exception cref="InvalidOperationException">The version exists.</exception>
    public Task<ModelManifest> UploadAsync(
        string classifier,
        string version,
        string localFolder,
        LocalBase baseModel,
        string? dataset,
        string? datasetETag,
        CancellationToken cancellationToken) =>
        UploadAsync(
            classifier,
            version,
            localFolder,
            new ModelManifest(baseModel.Name, time.GetUtcNow(), NoFiles) { BaseSha256 = baseModel.Sha256, Dataset = dataset, DatasetETag = datasetETag },
            cancellationToken);

    /// <summary>Uploads an adapter that was made elsewhere: it serves on any base that has the name.</summary>
    /// <inheritdoc cref="UploadAsync(string, string, string, LocalBase, string?, string?, CancellationToken)"/>
    public Task<ModelManifest> UploadAsync(
        string classifier,
        string version,
        string localFolder,
        string baseModel,
        string? dataset,
        string? datasetETag,
        CancellationToken cancellationToken) =>
        UploadAsync(
            classifier,
            version,
            localFolder,
            new ModelManifest(baseModel, time.GetUtcNow(), NoFiles) { Dataset = dataset, DatasetETag = datasetETag },
            cancellationToken);

    /// <summary>The manifest of a version, or null if there is no such version.</summary>
    /// <exception cref="InvalidDataException">The manifest is damaged.</exception>
    public async Task<ModelManifest?> FindManifestAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        var blob = StorageNames.ManifestBlob(classifier, version);
        return await files.ReadAsync(blob, cancellationToken) is { } manifest ? ModelManifest.Parse(manifest.Content, blob) : null;
    }

    /// <summary>The versions of a classifier with their metrics, oldest first.</summary>
    /// <remarks>Leaves out a version without a manifest, whose upload did not finish, and one whose manifest or metrics are damaged.</remarks>
    public async Task<IReadOnlyList<ModelVersion>> ListAsync(string classifier, CancellationToken cancellationToken)
    {
        var folder = StorageNames.VersionsFolder(classifier);
        var versions = new List<ModelVersion>();
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", folder, cancellationToken))
        {
            // A folder of another name was not made by this program; no pointer can name it.
            if (item.IsPrefix && item.Prefix[folder.Length..].TrimEnd('/') is var name && StorageNames.IsName(name)
                && await FindAsync(classifier, name, cancellationToken) is { } version)
            {
                versions.Add(version);
            }
        }

        return [.. versions.OrderBy(version => version.Manifest.Created)];
    }

    private Task<ModelManifest> UploadAsync(
        string classifier, string version, string localFolder, ModelManifest manifest, CancellationToken cancellationToken) =>
        files.UploadAsync(
            localFolder,
            ModelFiles.EnumerateLocal(localFolder).Where(name => name != StorageNames.ManifestFile),
            StorageNames.VersionFolder(classifier, version),
            hashes => manifest with { Files = hashes },
            cancellationToken);

    private async Task<ModelVersion?> FindAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindManifestAsync(classifier, version, cancellationToken) is not { } manifest)
            {
                return null;
            }

            var blob = StorageNames.VersionFolder(classifier, version) + StorageNames.MetricsFile;
            var metrics = await files.ReadAsync(blob, cancellationToken);
            return new ModelVersion(classifier, version, manifest, metrics is null ? null : ModelFiles.Parse<JsonElement>(metrics.Content, blob));
        }
        catch (Exception exception) when (exception is InvalidDataException or RequestFailedException { Status: 404 or 409 })
        {
            // One version that cannot be read, for example from the archive tier, does not hide the others.
            return null;
        }
    }

    /// <returns>The manifest and its own SHA-256.</returns>
    private async Task<(ModelManifest Manifest, string Sha256)> ReadManifestAsync(
        string classifier, string version, string? expectedSha256, CancellationToken cancellationToken)
    {
        var blob = StorageNames.ManifestBlob(classifier, version);
        var content = (await files.ReadAsync(blob, cancellationToken))?.Content
            ?? throw new InvalidDataException($"There is no version '{version}' of the classifier '{classifier}': {container.Name}/{blob} is missing.");
        var actual = Sha256Hex.HashBytes(content);
        if (expectedSha256 is not null && expectedSha256 != actual)
        {
            throw new InvalidDataException(
                $"The manifest of version '{version}' of '{classifier}' is damaged: its SHA-256 is {actual}, the pointer says {expectedSha256}.");
        }

        return (ModelManifest.Parse(content, blob), actual);
    }
}
