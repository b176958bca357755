using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>Folders of the container <c>models</c>: up with a manifest at the end, down only as a whole and only as the manifest says.</summary>
internal sealed class ModelFiles(BlobContainerClient container)
{
    /// <summary>Uploads the named files of a local folder and then their manifest.</summary>
    /// <exception cref="InvalidOperationException">The folder has a manifest already: what is published never changes.</exception>
    public async Task<ModelManifest> UploadAsync(
        string localFolder, IEnumerable<string> names, string folder, Func<IReadOnlyDictionary<string, string>, ModelManifest> describe, CancellationToken cancellationToken)
    {
        if (await ReadAsync(folder + StorageNames.ManifestFile, cancellationToken) is not null)
        {
            throw Published(folder);
        }

        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var path = Path.Combine(localFolder, name);
            hashes[name] = await Sha256Hex.OfFileAsync(path, cancellationToken);
            await container.GetBlobClient(folder + name).UploadAsync(path, overwrite: true, cancellationToken);
        }

        var manifest = describe(hashes);
        var json = manifest.ToJson();
        var blob = folder + StorageNames.ManifestFile;
        if (!await TryWriteAsync(blob, json, expected: null, cancellationToken))
        {
            // Ours all the same, if only the answer to the first try was lost and the client then tried again.
            var written = await ReadAsync(blob, cancellationToken);
            return written is not null && written.Content.ToMemory().Span.SequenceEqual(json.ToMemory().Span) ? manifest : throw Published(folder);
        }

        return manifest;
    }

    /// <summary>
    /// Downloads files into <paramref name="localFolder"/>: beside it at first, each checked against its SHA-256 where one is known,
    /// and only then moved into place, so that a folder that exists is whole.
    /// </summary>
    /// <exception cref="InvalidDataException">A file is missing or is not what the manifest says.</exception>
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

    /// <summary>Compares files with their SHA-256 without keeping them.</summary>
    /// <exception cref="InvalidDataException">A file is missing or is not what the manifest says.</exception>
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

    /// <summary>Writes a blob if it still has the ETag that is expected, or, for null, if there is none yet.</summary>
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

    private static InvalidOperationException Published(string folder) =>
        new($"{StorageNames.ModelsContainer}/{folder} is published already and never changes; publish under a new name.");

    private static void MoveIntoPlace(string temporary, string localFolder)
    {
        try
        {
            Directory.Move(temporary, localFolder);
        }
        catch (IOException) when (Directory.Exists(localFolder))
        {
            // Another process downloaded the same, equally verified files a moment earlier.
        }
    }
}
