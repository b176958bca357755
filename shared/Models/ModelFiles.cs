using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>Folders of the container <c>models</c>: uploads them with a manifest at the end, and downloads them whole and verified.</summary>
internal sealed class ModelFiles(BlobContainerClient container)
{
    /// <summary>The files of a local folder and of those below it, as names with slashes.</summary>
    public static IEnumerable<string> EnumerateLocal(string localFolder) =>
        Directory.EnumerateFiles(localFolder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(localFolder, path).Replace(Path.DirectorySeparatorChar, '/'))
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
            throw new InvalidDataException($"{blob} is damaged: {exception.Message}", exception);
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
            hashes[name] = await Sha256Hex.OfFileAsync(path, cancellationToken);
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

    /// <summary>Downloads files into <paramref name="localFolder"/>, unless it exists, and verifies those whose SHA-256 is known.</summary>
    /// <remarks>Downloads into a temporary folder and renames it at the end, so that a folder that exists is complete.</remarks>
    /// <exception cref="InvalidDataException">A file is missing or does not match the manifest.</exception>
    public async Task DownloadAsync(string folder, IEnumerable<KeyValuePair<string, string?>> files, string localFolder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(localFolder))
        {
            return;
        }

        var temporary = $"{localFolder}.{Guid.NewGuid():N}.download";
        try
        {
            foreach (var (name, expected) in files)
            {
                var path = Path.Combine(temporary, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await DownloadFileAsync(folder + name, path, cancellationToken);
                if (expected is not null)
                {
                    Compare(folder + name, await Sha256Hex.OfFileAsync(path, cancellationToken), expected);
                }
            }

            MoveIntoPlace(temporary, localFolder);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
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
                Compare(folder + name, await Sha256Hex.OfStreamAsync(content, cancellationToken), expected);
            }
            catch (RequestFailedException exception) when (exception.Status == 404)
            {
                throw Missing(folder + name, exception);
            }
        }
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

    private async Task DownloadFileAsync(string blob, string path, CancellationToken cancellationToken)
    {
        try
        {
            await container.GetBlobClient(blob).DownloadToAsync(path, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw Missing(blob, exception);
        }
    }

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

    private static void MoveIntoPlace(string temporary, string localFolder)
    {
        try
        {
            Directory.Move(temporary, localFolder);
        }
        catch (IOException) when (Directory.Exists(localFolder))
        {
            // Another process downloaded and verified the same files a moment earlier.
        }
    }
}
