using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>The folders <c>models/base/{owner}/{name}/</c>: base models as on the Hugging Face hub.</summary>
public sealed class BaseModelStore(StorageClients storage, string cacheFolder, TimeProvider time, ILogger log)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ModelsContainer);
    private readonly ModelFiles files = new(storage.Container(StorageNames.ModelsContainer));
    private readonly ModelCache cache = new(new ModelFiles(storage.Container(StorageNames.ModelsContainer)), log);

    /// <summary>Downloads a base model as a local Hugging Face folder, or verifies the one in the cache.</summary>
    /// <exception cref="InvalidDataException">There is no such base model, or a file is not what the manifest or storage says.</exception>
    public async Task<LocalBase> DownloadAsync(string baseModel, CancellationToken cancellationToken)
    {
        var folder = StorageNames.BaseFolder(baseModel);
        var listed = await ListAsync(folder, cancellationToken);
        if (listed.Count == 0)
        {
            throw new InvalidDataException($"There is no base model '{baseModel}': upload its Hugging Face folder to {container.Name}/{folder}.");
        }

        // A base model that was uploaded by hand has no manifest: its files are compared with the length and the MD5 that storage lists.
        IReadOnlyCollection<StoredFile> stored = await FindManifestAsync(baseModel, cancellationToken) is { } manifest
            ? [.. manifest.Files.Select(file => new StoredFile(file.Key, file.Value))]
            : listed;
        var local = Path.Combine(cacheFolder, folder, Identify(listed)[..12]);
        return new LocalBase(baseModel, local, LocalBase.Identify(await cache.DownloadAsync(folder, stored, local, cancellationToken)));
    }

    /// <summary>The hash of a base model (<see cref="LocalBase.Sha256"/>), without a download.</summary>
    /// <returns>Null for one that was uploaded by hand, so that no manifest has it.</returns>
    public async Task<string?> FindSha256Async(string baseModel, CancellationToken cancellationToken) =>
        await FindManifestAsync(baseModel, cancellationToken) is { } manifest ? LocalBase.Identify(manifest.Files) : null;

    /// <summary>Uploads a local Hugging Face folder as a base model, with a manifest. Does nothing if the base model exists.</summary>
    /// <remarks>A base model never changes under its name: the adapters that were trained on it would be wrong on another.</remarks>
    public async Task UploadAsync(string baseModel, string localFolder, CancellationToken cancellationToken)
    {
        var folder = StorageNames.BaseFolder(baseModel);
        if (await FindManifestAsync(baseModel, cancellationToken) is null && await IsPartAsync(folder, localFolder, cancellationToken))
        {
            var names = ModelFiles.EnumerateLocal(localFolder).Where(ModelFiles.IsLoaded);
            await files.UploadAsync(
                localFolder,
                names,
                folder,
                hashes => new ModelManifest(baseModel, time.GetUtcNow(), hashes),
                cancellationToken);
        }
    }

    /// <summary>Whether storage has nothing but files of this folder: the upload is the first, or completes one that did not finish.</summary>
    /// <returns>False if it has another base model, which was uploaded by hand.</returns>
    private async Task<bool> IsPartAsync(string folder, string localFolder, CancellationToken cancellationToken)
    {
        foreach (var file in await ListAsync(folder, cancellationToken))
        {
            var path = Path.Combine(localFolder, file.Name);
            if (!File.Exists(path) || !file.Matches(await FileHashes.ReadAsync(path, withMd5: file.Md5 is not null, cancellationToken)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The files of a base model in storage, by name.</summary>
    private async Task<IReadOnlyList<StoredFile>> ListAsync(string folder, CancellationToken cancellationToken) =>
        await container.GetBlobsAsync(BlobTraits.None, BlobStates.None, folder, cancellationToken)
            .Where(blob => ModelFiles.IsLoaded(blob.Name[folder.Length..]))
            .Select(blob => StoredFile.FromListing(blob.Name[folder.Length..], blob.Properties))
            .ToListAsync(cancellationToken);

    private async Task<ModelManifest?> FindManifestAsync(string baseModel, CancellationToken cancellationToken)
    {
        var blob = StorageNames.BaseFolder(baseModel) + StorageNames.ManifestFile;
        return await files.ReadAsync(blob, cancellationToken) is { } manifest ? ModelManifest.Parse(manifest.Content, blob) : null;
    }

    private static string Identify(IEnumerable<StoredFile> listed) =>
        Sha256Hex.HashText(listed.Aggregate(new StringBuilder(), (text, file) => text.AppendLine(null, $"{file.Name} {file.ETag}")).ToString());
}
