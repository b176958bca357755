using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Models;

/// <summary>Lists classifiers, their versions with metrics, and the files of a version.</summary>
public sealed class ModelCatalog(StorageClients storage, ModelRegistry registry, TrainingRuns runs)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ModelsContainer);

    /// <summary>All classifiers that have a version, by name.</summary>
    public async Task<IReadOnlyList<string>> ListClassifiersAsync(CancellationToken cancellationToken)
    {
        var classifiers = new List<string>();
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", StorageNames.AdaptersFolder, cancellationToken))
        {
            // A first training that fails leaves a folder without a version.
            if (item.IsPrefix && item.Prefix[StorageNames.AdaptersFolder.Length..].TrimEnd('/') is var name && StorageNames.IsName(name)
                && await HasVersionAsync(item.Prefix, cancellationToken))
            {
                classifiers.Add(name);
            }
        }

        return classifiers;
    }

    /// <summary>The versions of a classifier, newest first.</summary>
    public async Task<IReadOnlyList<VersionSummary>> ListVersionsAsync(string classifier, CancellationToken cancellationToken)
    {
        var rows = (await runs.ListAsync(classifier, cancellationToken)).ToDictionary(run => run.Version);
        var serving = (await registry.Pointers.ReadAsync(classifier, null, cancellationToken)).Current?.Version;
        var versions = await registry.Versions.ListAsync(classifier, cancellationToken);
        return [.. versions.Reverse().Select(version => VersionSummary.Create(version, rows.GetValueOrDefault(version.Version), version.Version == serving))];
    }

    /// <summary>Opens a file of a version.</summary>
    /// <returns>Null if the version does not exist, or if its manifest does not list the file.</returns>
    /// <remarks>Only files of the manifest are opened, so that no file name leads out of the version's folder.</remarks>
    public async Task<Stream?> OpenFileAsync(string classifier, string version, string file, CancellationToken cancellationToken)
    {
        var manifest = await registry.Versions.FindManifestAsync(classifier, version, cancellationToken);
        return manifest is not null && manifest.Files.ContainsKey(file)
            ? await container.GetBlobClient(StorageNames.VersionFolder(classifier, version) + file).OpenReadAsync(cancellationToken: cancellationToken)
            : null;
    }

    private async Task<bool> HasVersionAsync(string folder, CancellationToken cancellationToken)
    {
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", folder, cancellationToken))
        {
            if (item.IsPrefix)
            {
                return true;
            }
        }

        return false;
    }
}
