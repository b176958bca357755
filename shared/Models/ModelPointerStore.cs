using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Models;

/// <summary>The blobs <c>models/adapters/{classifier}/current.json</c>: which version of each classifier serves, and which ones to fall back to.</summary>
public sealed class ModelPointerStore(StorageClients storage, ModelVersionStore versions, TrainingRuns runs, TimeProvider time)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ModelsContainer);
    private readonly ModelFiles files = new(storage.Container(StorageNames.ModelsContainer));

    /// <summary>Reads which version of a classifier serves.</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="known">The ETag of the last reading. If it still matches, nothing is downloaded and <see cref="PointerReading.Unchanged"/> is true.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async Task<PointerReading> ReadAsync(string classifier, ETag? known, CancellationToken cancellationToken)
    {
        var blob = StorageNames.PointerBlob(classifier);
        try
        {
            var options = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = known } };
            var response = await container.GetBlobClient(blob).DownloadContentAsync(options, cancellationToken);
            return response.GetRawResponse().Status == 304 ? PointerReading.FromUnchanged(known) : PointerReading.FromBlob(response.Value, blob);
        }
        catch (RequestFailedException exception) when (exception.Status == 304)
        {
            return PointerReading.FromUnchanged(known);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return new PointerReading(null, null, Unchanged: known is null);
        }
    }

    /// <summary>Points the classifier to an uploaded version, if the pointer is still the one that was read.</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">A version that was uploaded.</param>
    /// <param name="expected">The ETag of the reading that the decision is based on; null if there was no pointer.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if another version was published in the meantime: read the pointer again and decide again.</returns>
    /// <exception cref="InvalidOperationException">The version was not uploaded.</exception>
    public async Task<bool> PublishAsync(string classifier, string version, ETag? expected, CancellationToken cancellationToken)
    {
        var manifest = await files.ReadAsync(StorageNames.ManifestBlob(classifier, version), cancellationToken)
            ?? throw new InvalidOperationException($"The version '{version}' of '{classifier}' was not uploaded, so it cannot be published.");
        var previous = await ReadAsync(classifier, null, cancellationToken);
        if (previous.ETag != expected)
        {
            return false;
        }

        var pointer = ModelPointer.CreateNext(previous.Current, version, Sha256Hex.HashBytes(manifest.Content), time.GetUtcNow());
        return await files.TryWriteAsync(
            StorageNames.PointerBlob(classifier), BinaryData.FromObjectAsJson(pointer, StorageJson.Options), expected, cancellationToken);
    }

    /// <summary>The versions that may serve, in the order to try them. Empty if there is no pointer.</summary>
    /// <remarks>
    /// First the versions that the pointer names. Then, for a pointer that is damaged or names only versions that cannot be used, the other
    /// published versions; the one that was published or promoted last comes first.
    /// </remarks>
    public async IAsyncEnumerable<PublishedVersion> ListServableAsync(
        string classifier, PointerReading pointer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (pointer.ETag is null)
        {
            yield break;
        }

        PublishedVersion[] named = [.. pointer.Current?.InOrder() ?? []];
        foreach (var version in named)
        {
            yield return version;
        }

        foreach (var version in await ListOthersAsync(classifier, named, cancellationToken))
        {
            yield return version;
        }
    }

    private async Task<IEnumerable<PublishedVersion>> ListOthersAsync(string classifier, PublishedVersion[] named, CancellationToken cancellationToken)
    {
        var rows = (await runs.ListAsync(classifier, cancellationToken)).ToDictionary(run => run.Version);
        return from version in await versions.ListAsync(classifier, cancellationToken)
               let run = rows.GetValueOrDefault(version.Version)
               where named.All(each => each.Version != version.Version) && VersionSummary.GetState(run, isServing: false) == VersionState.Published
               orderby run?.PromotedAt ?? version.Manifest.Created descending
               select new PublishedVersion(version.Version, ManifestSha256: null);
    }
}
