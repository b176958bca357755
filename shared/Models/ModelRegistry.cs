using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Models;

/// <summary>
/// The container <c>models</c>: base models, the versions of each classifier, and the pointer to the one that serves.
/// What is downloaded lies in a local cache folder, verified, and is never downloaded twice.
/// </summary>
public sealed class ModelRegistry(StorageClients storage, string cacheFolder, TimeProvider time)
{
    private readonly BlobContainerClient container = storage.Container(StorageNames.ModelsContainer);
    private readonly ModelFiles files = new(storage.Container(StorageNames.ModelsContainer));
    private readonly TrainingRuns runs = new(storage);

    /// <summary>Makes a base model available as a local Hugging Face folder.</summary>
    /// <returns>The folder.</returns>
    /// <exception cref="InvalidDataException">There is no such base model, or a file is not what its manifest says.</exception>
    public async Task<string> DownloadBaseAsync(string baseModel, CancellationToken cancellationToken)
    {
        var folder = StorageNames.BaseFolder(baseModel);
        var listed = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        var identity = new StringBuilder();
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, folder, cancellationToken))
        {
            var name = blob.Name[folder.Length..];
            if (IsModelFile(name))
            {
                listed[name] = null;
                identity.AppendLine(null, $"{name} {blob.Properties.ETag}");
            }
        }

        if (listed.Count == 0)
        {
            throw new InvalidDataException($"There is no base model '{baseModel}': upload its Hugging Face folder to {container.Name}/{folder}.");
        }

        // A base that was uploaded by hand has no manifest: then its files are told apart by their ETags, and taken as they are.
        if (await files.ReadAsync(folder + StorageNames.ManifestFile, cancellationToken) is { } manifest)
        {
            var hashes = ModelManifest.Parse(manifest.Content, folder + StorageNames.ManifestFile).Files;
            listed = new(hashes.ToDictionary(file => file.Key, file => (string?)file.Value), StringComparer.Ordinal);
        }

        var local = Path.Combine(cacheFolder, folder, Sha256Hex.OfText(identity.ToString())[..12]);
        await files.DownloadAsync(folder, listed, local, cancellationToken);
        return local;
    }

    /// <summary>Uploads a local Hugging Face folder as a base model, with a manifest. Does nothing if it is there already.</summary>
    public async Task UploadBaseAsync(string baseModel, string localFolder, CancellationToken cancellationToken)
    {
        var folder = StorageNames.BaseFolder(baseModel);
        if (await files.ReadAsync(folder + StorageNames.ManifestFile, cancellationToken) is null)
        {
            var names = FilesOf(localFolder).Where(IsModelFile);
            await files.UploadAsync(localFolder, names, folder, hashes => new ModelManifest(baseModel, time.GetUtcNow(), hashes), cancellationToken);
        }
    }

    /// <summary>Reads which version of a classifier serves.</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="known">The ETag of the last reading; if it still holds, nothing is downloaded and <see cref="PointerReading.Unchanged"/> is true.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<PointerReading> ReadPointerAsync(string classifier, ETag? known, CancellationToken cancellationToken)
    {
        var blob = StorageNames.PointerBlob(classifier);
        try
        {
            var options = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = known } };
            var response = await container.GetBlobClient(blob).DownloadContentAsync(options, cancellationToken);
            if (response.GetRawResponse().Status == 304)
            {
                return PointerReading.Same(known);
            }

            return PointerReading.Of(response.Value, blob);
        }
        catch (RequestFailedException exception) when (exception.Status == 304)
        {
            return PointerReading.Same(known);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return new PointerReading(null, null, Unchanged: known is null);
        }
    }

    /// <summary>
    /// The versions that may serve, in the order to try them: those that the pointer names and then, for a pointer that is damaged or
    /// names nothing that can be used, the others that were published, the one that was let serve last first.
    /// </summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="pointer">As it was read; where there is none, nothing may serve.</param>
    /// <param name="cancellationToken">Ends the call.</param>
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

        var rows = (await runs.ListAsync(classifier, cancellationToken)).ToDictionary(run => run.Version);
        var others = from version in await ListVersionsAsync(classifier, cancellationToken)
                     let run = rows.GetValueOrDefault(version.Version)
                     where VersionSummary.StateOf(version, run) == VersionState.Published && named.All(each => each.Version != version.Version)
                     orderby run?.PromotedAt ?? version.Manifest.Created descending
                     select new PublishedVersion(version.Version, ManifestSha256: null);
        foreach (var version in others)
        {
            yield return version;
        }
    }

    /// <summary>Makes what a version is loaded from available as a local PEFT folder, verified against its manifest. Reports and plots stay where they are.</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">The version's name.</param>
    /// <param name="manifestSha256">What the manifest itself must hash to (see <see cref="ModelPointer"/>); null to take it as it is.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="InvalidDataException">The version is missing or damaged.</exception>
    public async Task<LocalVersion> DownloadVersionAsync(string classifier, string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var (manifest, hash) = await ReadManifestAsync(classifier, version, manifestSha256, cancellationToken);
        var folder = StorageNames.VersionFolder(classifier, version);
        var local = $"{Path.Combine(cacheFolder, folder).TrimEnd('/')}.{hash[..12]}";
        var loaded = manifest.Files.Where(file => IsModelFile(file.Key)).ToDictionary(file => file.Key, file => (string?)file.Value);
        await files.DownloadAsync(folder, loaded, local, cancellationToken);
        return new LocalVersion(classifier, version, local, manifest);
    }

    /// <summary>Reads every file of a version where it lies, and compares it with the manifest.</summary>
    /// <exception cref="InvalidDataException">The version, or a file of it, is missing or damaged.</exception>
    public async Task VerifyVersionAsync(string classifier, string version, string? manifestSha256, CancellationToken cancellationToken)
    {
        var (manifest, _) = await ReadManifestAsync(classifier, version, manifestSha256, cancellationToken);
        await files.VerifyAsync(StorageNames.VersionFolder(classifier, version), manifest.Files, cancellationToken);
    }

    /// <summary>A name for a version that begins now: names sort by time.</summary>
    public string NewVersion() => StorageNames.NewVersion(time.GetUtcNow());

    /// <summary>Uploads a PEFT folder as a version: files first, its manifest last. It does not serve until <see cref="PublishAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">The version exists; versions never change.</exception>
    public async Task<ModelManifest> UploadVersionAsync(
        string classifier, string version, string localFolder, string baseModel, string? dataset, string? datasetETag, CancellationToken cancellationToken) =>
        await files.UploadAsync(
            localFolder,
            FilesOf(localFolder).Where(name => name != StorageNames.ManifestFile),
            StorageNames.VersionFolder(classifier, version),
            hashes => new ModelManifest(baseModel, time.GetUtcNow(), hashes) { Dataset = dataset, DatasetETag = datasetETag },
            cancellationToken);

    /// <summary>Points the classifier to an uploaded version, if the pointer is still the one that was read.</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">A version that was uploaded.</param>
    /// <param name="expected">The ETag of the reading that the decision was based on; null if there was no pointer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when someone else published meanwhile: read again and decide again.</returns>
    public async Task<bool> PublishAsync(string classifier, string version, ETag? expected, CancellationToken cancellationToken)
    {
        var manifest = await files.ReadAsync(StorageNames.VersionFolder(classifier, version) + StorageNames.ManifestFile, cancellationToken)
            ?? throw new InvalidOperationException($"The version '{version}' of '{classifier}' was not uploaded, so it cannot be published.");
        var before = await ReadPointerAsync(classifier, null, cancellationToken);
        if (before.ETag != expected)
        {
            return false;
        }

        var pointer = ModelPointer.After(before.Current, version, Sha256Hex.OfBytes(manifest.Content), time.GetUtcNow());
        return await files.TryWriteAsync(StorageNames.PointerBlob(classifier), BinaryData.FromObjectAsJson(pointer, StorageJson.Options), expected, cancellationToken);
    }

    /// <summary>Writes into the row of the run that made a version why it cannot serve, or, with an empty text, that it can.</summary>
    public Task NoteServingProblemAsync(string classifier, string version, string problem, CancellationToken cancellationToken) =>
        runs.NoteAsync(classifier, version, new Dictionary<string, object> { [nameof(TrainingRun.ServingProblem)] = problem }, cancellationToken);

    /// <summary>The manifest of a version, or null if there is no such version.</summary>
    public async Task<ModelManifest?> FindManifestAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        var blob = StorageNames.VersionFolder(classifier, version) + StorageNames.ManifestFile;
        return await files.ReadAsync(blob, cancellationToken) is { } manifest ? ModelManifest.Parse(manifest.Content, blob) : null;
    }

    /// <summary>The versions of a classifier with their metrics, oldest first. A version without a manifest (its upload broke off), or with one that is damaged, is left out.</summary>
    public async Task<IReadOnlyList<ModelVersion>> ListVersionsAsync(string classifier, CancellationToken cancellationToken)
    {
        var serving = (await ReadPointerAsync(classifier, null, cancellationToken)).Current?.Version;
        var prefix = StorageNames.VersionsFolder(classifier);
        var versions = new List<ModelVersion>();
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix, cancellationToken))
        {
            if (item.IsPrefix && item.Prefix[prefix.Length..].TrimEnd('/') is var name && await FindVersionAsync(classifier, name, name == serving, cancellationToken) is { } version)
            {
                versions.Add(version);
            }
        }

        return [.. versions.OrderBy(version => version.Manifest.Created)];
    }

    private async Task<ModelVersion?> FindVersionAsync(string classifier, string version, bool serving, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindManifestAsync(classifier, version, cancellationToken) is not { } manifest)
            {
                return null;
            }

            var blob = StorageNames.VersionFolder(classifier, version) + StorageNames.MetricsFile;
            var metrics = await files.ReadAsync(blob, cancellationToken);
            return new ModelVersion(classifier, version, manifest, metrics is null ? null : ModelFiles.Parse<JsonElement>(metrics.Content, blob), serving);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <returns>The manifest, and its own SHA-256.</returns>
    private async Task<(ModelManifest Manifest, string Sha256)> ReadManifestAsync(
        string classifier, string version, string? expectedSha256, CancellationToken cancellationToken)
    {
        var blob = StorageNames.VersionFolder(classifier, version) + StorageNames.ManifestFile;
        var content = (await files.ReadAsync(blob, cancellationToken))?.Content
            ?? throw new InvalidDataException($"There is no version '{version}' of the classifier '{classifier}': {container.Name}/{blob} is missing.");
        var actual = Sha256Hex.OfBytes(content);
        return expectedSha256 is null || expectedSha256 == actual
            ? (ModelManifest.Parse(content, blob), actual)
            : throw new InvalidDataException(
                $"The manifest of version '{version}' of '{classifier}' is damaged: its SHA-256 is {actual}, the pointer says {expectedSha256}.");
    }

    private static IEnumerable<string> FilesOf(string localFolder) =>
        Directory.EnumerateFiles(localFolder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(localFolder, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal);

    /// <summary>What a model is loaded from; hub folders hold gigabytes of pickles and copies beside it, versions reports and plots.</summary>
    private static bool IsModelFile(string name) =>
        !name.Contains('/', StringComparison.Ordinal) && name != StorageNames.ManifestFile
        && (name.EndsWith(".json", StringComparison.Ordinal) || name.EndsWith(".safetensors", StringComparison.Ordinal));
}

/// <summary>What reading the pointer gave.</summary>
/// <param name="Current">Null if nothing is published, if the pointer is damaged, or if it is unchanged.</param>
/// <param name="ETag">To be handed to the next reading, or to the publishing that is based on this one; null if there is no pointer.</param>
/// <param name="Unchanged">True if the pointer is the one that was known already.</param>
/// <param name="Damage">What is wrong with a pointer that cannot be read, and what to do; null if nothing is.</param>
public sealed record PointerReading(ModelPointer? Current, ETag? ETag, bool Unchanged, string? Damage = null)
{
    internal static PointerReading Of(BlobDownloadResult blob, string name)
    {
        try
        {
            return new PointerReading(ModelPointer.Parse(blob.Content, name), blob.Details.ETag, Unchanged: false);
        }
        catch (InvalidDataException exception)
        {
            return new PointerReading(null, blob.Details.ETag, Unchanged: false, $"{exception.Message} Promoting a version writes it anew.");
        }
    }

    internal static PointerReading Same(ETag? known) => new(null, known, Unchanged: true);
}

/// <summary>A version in the local cache.</summary>
/// <param name="Folder">Holds <c>adapter_config.json</c>, <c>adapter_model.safetensors</c>, <c>labels.json</c> and the other figures, and no report.</param>
public sealed record LocalVersion(string Classifier, string Version, string Folder, ModelManifest Manifest);
