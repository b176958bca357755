using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>Folders of the container <c>models</c>: uploads them with a manifest at the end, and downloads and verifies their files.</summary>
internal sealed class ModelFiles(BlobContainerClient container)
{
    /// <summary>The files of a local folder and of those below it, as names with slashes; without hidden ones, such as the copies of a config map.</summary>
    public static IEnumerable<string> EnumerateLocal(string localFolder) =>
        Directory.EnumerateFiles(localFolder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(localFolder, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(name => !name.Split('/').Any(part => part.StartsWith('.')))
            .Order(StringComparer.Ordinal);

    /// <summary>Whether a model is loaded from this file.</summary>
    /// <remarks>Hub folders also hold gigabytes of pickles and copies, versions also hold reports and plots.</remarks>
    public static bool IsLoaded(string name) =>
        !name.Contains('/', StringComparison.Ordinal) && name != StorageNames.ManifestFile
        && (name.EndsWith(".json", StringComparison.Ordinal) || name.EndsWith(".safetensors", StringComparison.Ordinal));

    /// <exception cref="InvalidDataException">The blob is not valid JSON of this type.</exception>
    public static T Parse<T>(BinaryData json, string blob)
    {
        try
        {
            return json.ToObjectFromJson<T>(StorageJson.Options) ?? throw new InvalidDataException($"{blob} is empty.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{blob} is damaged: {Describe(exception)}", exception);
        }
    }

    /// <summary>Uploads the named files of a local folder, then their manifest.</summary>
    /// <exception cref="InvalidOperationException">The folder has a manifest: a published folder never changes.</exception>
    public async Task<ModelManifest> UploadAsync(
        string localFolder,
        IEnumerable<string> names,
        string folder,
        Func<IReadOnlyDictionary<string, string>, ModelManifest> createManifest,
        CancellationToken cancellationToken)
    {
        if (await ReadAsync(folder + StorageNames.ManifestFile, cancellationToken) is not null)
        {
            throw AlreadyPublished(folder);
        }

        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var path = Path.Combine(localFolder, name);
            hashes[name] = await Sha256Hex.HashFileAsync(path, cancellationToken);
            await container.GetBlobClient(folder + name).UploadAsync(path, overwrite: true, cancellationToken);
        }

        var manifest = createManifest(hashes);
        var json = manifest.ToJson();
        var blob = folder + StorageNames.ManifestFile;
        if (!await TryWriteAsync(blob, json, expected: null, cancellationToken))
        {
            // The manifest may be this one all the same: the client tries again when the response to its first request is lost.
            var written = await ReadAsync(blob, cancellationToken);
            return written is not null && written.Content.ToMemory().Span.SequenceEqual(json.ToMemory().Span) ? manifest : throw AlreadyPublished(folder);
        }

        return manifest;
    }

    /// <summary>Compares files in storage with their SHA-256.</summary>
    /// <exception cref="InvalidDataException">A file is missing or does not match the manifest.</exception>
    public async Task VerifyAsync(string folder, IReadOnlyDictionary<string, string> files, CancellationToken cancellationToken)
    {
        foreach (var (name, expected) in files)
        {
            try
            {
                await using var content = await container.GetBlobClient(folder + name).OpenReadAsync(cancellationToken: cancellationToken);
                Compare(folder + name, await Sha256Hex.HashStreamAsync(content, cancellationToken), expected);
            }
            catch (RequestFailedException exception) when (exception.Status == 404)
            {
                throw Missing(folder + name, exception);
            }
        }
    }

    /// <summary>Downloads a file, and compares the bytes on the disk with what storage says about them.</summary>
    /// <returns>Its SHA-256.</returns>
    /// <exception cref="InvalidDataException">The file is missing, or is not what it should be.</exception>
    public async Task<string> DownloadAsync(string folder, StoredFile file, string path, CancellationToken cancellationToken)
    {
        var blob = folder + file.Name;
        try
        {
            var conditions = new BlobRequestConditions { IfMatch = file.ETag };
            await container.GetBlobClient(blob).DownloadToAsync(path, new BlobDownloadToOptions { Conditions = conditions }, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw Missing(blob, exception);
        }

        var content = await FileHashes.ReadAsync(path, withMd5: file.Md5 is not null, cancellationToken);
        if (!file.Matches(content))
        {
            throw new InvalidDataException($"{container.Name}/{blob} was damaged: its length or its MD5 is not the one that storage lists. Upload it again.");
        }

        if (file.Sha256 is { } expected)
        {
            Compare(blob, content.Sha256, expected);
        }

        return content.Sha256;
    }

    /// <summary>The blob's content and ETag, or null if there is none.</summary>
    public async Task<BlobDownloadResult?> ReadAsync(string blob, CancellationToken cancellationToken)
    {
        try
        {
            return (await container.GetBlobClient(blob).DownloadContentAsync(cancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a blob if it still has the expected ETag or, for null, if it does not exist.</summary>
    public async Task<bool> TryWriteAsync(string blob, BinaryData content, ETag? expected, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = expected is { } etag ? new BlobRequestConditions { IfMatch = etag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
        };
        try
        {
            await container.GetBlobClient(blob).UploadAsync(content, options, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            return false;
        }
    }

    // The serializer's own message names types of this program.
    private static string Describe(JsonException exception) => exception.Path is { Length: > 1 } path && exception.InnerException is not JsonException
        ? $"'{path.TrimStart('$', '.')}' is missing or has a value of another kind."
        : $"line {(exception.LineNumber ?? 0) + 1} is not valid JSON.";

    private void Compare(string blob, string actual, string expected)
    {
        if (actual != expected)
        {
            throw new InvalidDataException($"{container.Name}/{blob} is damaged: its SHA-256 is {actual}, the manifest says {expected}.");
        }
    }

    private InvalidDataException Missing(string blob, RequestFailedException exception) =>
        new($"{container.Name}/{blob} is missing; the manifest lists it.", exception);

    private static InvalidOperationException AlreadyPublished(string folder) =>
        new($"{StorageNames.ModelsContainer}/{folder} is already published and never changes; publish under a new name.");
}
