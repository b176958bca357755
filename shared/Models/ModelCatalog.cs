using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Models;

/// <summary>What a person sees of the models: classifiers, their versions with figures and files, and the choice of the one that serves.</summary>
public sealed class ModelCatalog(StorageClients storage, ModelRegistry registry, TrainingRuns runs, TimeProvider time)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ModelsContainer);

    /// <summary>All classifiers that have a version, by name.</summary>
    public async Task<IReadOnlyList<string>> ListClassifiersAsync(CancellationToken cancellationToken)
    {
        var classifiers = new List<string>();
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", StorageNames.AdaptersFolder, cancellationToken))
        {
            // A first training leaves a folder without any version when it fails.
            if (item.IsPrefix && await HasVersionAsync(item.Prefix, cancellationToken))
            {
                classifiers.Add(item.Prefix[StorageNames.AdaptersFolder.Length..].TrimEnd('/'));
            }
        }

        return classifiers;
    }

    /// <summary>The versions of a classifier, the newest first; empty if there is none.</summary>
    public async Task<IReadOnlyList<VersionSummary>> ListVersionsAsync(string classifier, CancellationToken cancellationToken)
    {
        var rows = (await runs.ListAsync(classifier, cancellationToken)).ToDictionary(run => run.Version);
        var versions = await registry.ListVersionsAsync(classifier, cancellationToken);
        return [.. versions.Reverse().Select(version => VersionSummary.Of(version, rows.GetValueOrDefault(version.Version)))];
    }

    /// <summary>Opens a file of a version.</summary>
    /// <returns>Null if the version, or the file in its manifest, does not exist.</returns>
    public async Task<Stream?> OpenFileAsync(string classifier, string version, string file, CancellationToken cancellationToken)
    {
        // The manifest says what there is, so that no name leads anywhere else.
        var manifest = await registry.FindManifestAsync(classifier, version, cancellationToken);
        return manifest is not null && manifest.Files.ContainsKey(file)
            ? await container.GetBlobClient(StorageNames.VersionFolder(classifier, version) + file).OpenReadAsync(cancellationToken: cancellationToken)
            : null;
    }

    /// <summary>Lets a version serve, older or newer than the one that serves now, by moving the pointer (If-Match).</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">Any version that was uploaded, a candidate that the gate refused included.</param>
    /// <param name="baseModel">The base that the functions serve.</param>
    /// <param name="tryAsync">Tries a version of a classifier; throws <see cref="InvalidDataException"/> if it cannot be used.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null if there is no such version.</returns>
    /// <exception cref="PromotionException">It cannot serve, or someone else moved the pointer at this moment.</exception>
    public async Task<Promotion?> PromoteAsync(
        string classifier, string version, string baseModel, Func<string, string, CancellationToken, Task> tryAsync, CancellationToken cancellationToken)
    {
        var pointer = await registry.ReadPointerAsync(classifier, null, cancellationToken);
        if (!await IsUsableAsync(classifier, version, baseModel, tryAsync, cancellationToken))
        {
            return null;
        }

        if (pointer.Current?.Version != version)
        {
            if (!await registry.PublishAsync(classifier, version, pointer.ETag, cancellationToken))
            {
                throw new PromotionException("Another version was published at the same moment: look again, and then decide.");
            }

            // What was wrong with it before may be mended, so it is tried again; merging cannot write a null.
            var note = new Dictionary<string, object> { [nameof(TrainingRun.PromotedAt)] = time.GetUtcNow(), [nameof(TrainingRun.ServingProblem)] = "" };
            await runs.NoteAsync(classifier, version, note, cancellationToken);
        }

        return new Promotion(classifier, version, pointer.Current?.Version);
    }

    /// <returns>False if there is no such version.</returns>
    private async Task<bool> IsUsableAsync(
        string classifier, string version, string baseModel, Func<string, string, CancellationToken, Task> tryAsync, CancellationToken cancellationToken)
    {
        try
        {
            if (await registry.FindManifestAsync(classifier, version, cancellationToken) is not { } manifest)
            {
                return false;
            }

            if (manifest.BaseModel != baseModel)
            {
                throw new PromotionException($"Version '{version}' was trained on the base '{manifest.BaseModel}'; '{baseModel}' serves (setting Classifier__Base).");
            }

            await registry.VerifyVersionAsync(classifier, version, manifestSha256: null, cancellationToken);
            await tryAsync(classifier, version, cancellationToken);
            return true;
        }
        catch (InvalidDataException exception)
        {
            throw new PromotionException($"Version '{version}' cannot be used: {exception.Message}");
        }
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

/// <summary>A version that serves from now on: each instance takes it at its next look at the pointer.</summary>
/// <param name="Previous">The version that served before; null if none did.</param>
public sealed record Promotion(string Classifier, string Version, string? Previous);

/// <summary>A version was not promoted; the message says why.</summary>
public sealed class PromotionException(string message) : Exception(message);
