using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>The folders <c>models/base/{owner}/{name}/</c>: base models as on the Hugging Face hub.</summary>
public sealed class BaseModelStore(StorageClients storage, string cacheFolder, TimeProvider time)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ModelsContainer);
    private readonly ModelFiles files = new(storage.Container(StorageNames.ModelsContainer));

    /// <summary>Downloads a base model as a local Hugging Face folder, unless the cache has it.</summary>
    /// <returns>The folder.</returns>
    /// <exception cref="InvalidDataException">There is no such base model, or a file does not match its manifest.</exception>
    public async Task<string> DownloadAsync(string baseModel, CancellationToken cancellationToken)
    {
        var folder = StorageNames.BaseFolder(baseModel);
        var listed = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        var identity = new StringBuilder();
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, folder, cancellationToken))
        {
            var name = blob.Name[folder.Length..];
            if (ModelFiles.IsLoaded(name))
            {
                listed[name] = null;
                identity.AppendLine(null, $"{name} {blob.Properties.ETag}");
            }
        }

        if (listed.Count == 0)
        {
            throw new InvalidDataException($"There is no base model '{baseModel}': upload its Hugging Face folder to {container.Name}/{folder}.");
        }

        // A base model that was uploaded by hand has no manifest: the cache then tells its files apart by their ETags, and they are not verified.
        if (await files.ReadAsync(folder + StorageNames.ManifestFile, cancellationToken) is { } manifest)
        {
            var hashes = ModelManifest.Parse(manifest.Content, folder + StorageNames.ManifestFile).Files;
            listed = new(hashes.ToDictionary(file => file.Key, file => (string?)file.Value), StringComparer.Ordinal);
        }

        var local = Path.Combine(cacheFolder, folder, Sha256Hex.OfText(identity.ToString())[..12]);
        await files.DownloadAsync(folder, listed, local, cancellationToken);
        return local;
    }

    /// <summary>Uploads a local Hugging Face folder as a base model, with a manifest. Does nothing if the base model exists.</summary>
    public async Task UploadAsync(string baseModel, string localFolder, CancellationToken cancellationToken)
    {
        var folder = StorageNames.BaseFolder(baseModel);
        if (await files.ReadAsync(folder + StorageNames.ManifestFile, cancellationToken) is null)
        {
            var names = ModelFiles.EnumerateLocal(localFolder).Where(ModelFiles.IsLoaded);
            await files.UploadAsync(localFolder, names, folder, hashes => new ModelManifest(baseModel, time.GetUtcNow(), hashes), cancellationToken);
        }
    }
}
