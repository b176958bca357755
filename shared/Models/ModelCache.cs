using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Serverless.Models;

/// <summary>The local copies of folders of the container <c>models</c>.</summary>
/// <remarks>
/// A process verifies a folder before its first use, and replaces it by a fresh download if it is damaged. That takes 0.64 s of a core for each
/// gigabyte on a processor with instructions for SHA-256, 1.6 s for Llama 3.2 1B, before the model is loaded; shards are verified at the same
/// time. A process with an empty cache, as every new replica has, spends it on the download in any case.
/// </remarks>
internal sealed class ModelCache(ModelFiles files, ILogger log)
{
    // For files that no manifest lists; `sha256sum --check` reads it.
    private const string HashesFile = "SHA256SUMS";

    private readonly ConcurrentDictionary<string, Verified> verified = new(StringComparer.Ordinal);

    /// <summary>Makes sure that a local folder has files of a folder in storage, with the content that they had there.</summary>
    /// <returns>The SHA-256 of each file.</returns>
    /// <exception cref="InvalidDataException">A file in storage is missing, or is not what it should be.</exception>
    public async Task<IReadOnlyDictionary<string, string>> DownloadAsync(
        string folder, IReadOnlyCollection<StoredFile> stored, string localFolder, CancellationToken cancellationToken)
    {
        if (verified.TryGetValue(localFolder, out var known) && known.Stamp == Stamp(stored, localFolder))
        {
            return known.Hashes;
        }

        var hashes = Directory.Exists(localFolder) ? await TryVerifyAsync(stored, localFolder, cancellationToken) : null;
        if (hashes is null)
        {
            RemoveDamaged(localFolder);
            hashes = await DownloadFreshAsync(folder, stored, localFolder, cancellationToken);
        }

        verified[localFolder] = new Verified(Stamp(stored, localFolder), hashes);
        return hashes;
    }

    /// <returns>The hashes, or null if a file is missing or damaged.</returns>
    private static async Task<IReadOnlyDictionary<string, string>?> TryVerifyAsync(
        IReadOnlyCollection<StoredFile> stored, string localFolder, CancellationToken cancellationToken)
    {
        try
        {
            var recorded = await ReadHashesAsync(localFolder, cancellationToken);
            var hashes = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
            await Parallel.ForEachAsync(stored, cancellationToken, async (file, cancel) =>
                hashes[file.Name] = (await FileHashes.ReadAsync(Path.Combine(localFolder, file.Name), withMd5: false, cancel)).Sha256);
            return stored.All(file => hashes[file.Name] == (file.Sha256 ?? recorded.GetValueOrDefault(file.Name))) ? hashes : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <remarks>Downloads into a temporary folder and renames it at the end, so that a folder that exists is complete.</remarks>
    private async Task<IReadOnlyDictionary<string, string>> DownloadFreshAsync(
        string folder, IReadOnlyCollection<StoredFile> stored, string localFolder, CancellationToken cancellationToken)
    {
        var temporary = $"{localFolder}.{Guid.NewGuid():N}.download";
        try
        {
            Directory.CreateDirectory(temporary);
            var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var file in stored)
            {
                hashes[file.Name] = await files.DownloadAsync(folder, file, Path.Combine(temporary, file.Name), cancellationToken);
            }

            if (stored.Any(file => file.Sha256 is null))
            {
                var lines = hashes.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Value}  {file.Key}");
                await File.WriteAllLinesAsync(Path.Combine(temporary, HashesFile), lines, cancellationToken);
            }

            MoveIntoPlace(temporary, localFolder);
            return hashes;
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private void RemoveDamaged(string localFolder)
    {
        if (!Directory.Exists(localFolder))
        {
            return;
        }

        log.LogWarning("The cached files in {Folder} are damaged; they are downloaded again", localFolder);
        // Renamed first: a folder that exists is complete.
        var damaged = $"{localFolder}.{Guid.NewGuid():N}.damaged";
        try
        {
            Directory.Move(localFolder, damaged);
            Directory.Delete(damaged, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another process was a moment earlier.
        }
    }

    private static async Task<Dictionary<string, string>> ReadHashesAsync(string localFolder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(localFolder, HashesFile);
        var lines = File.Exists(path) ? await File.ReadAllLinesAsync(path, cancellationToken) : [];
        return lines.Select(line => line.Split("  ", 2)).Where(parts => parts.Length == 2)
            .DistinctBy(parts => parts[1]).ToDictionary(parts => parts[1], parts => parts[0], StringComparer.Ordinal);
    }

    /// <summary>Changes when a file was replaced, or removed by a program that cleans the folder for temporary files.</summary>
    private static string Stamp(IEnumerable<StoredFile> stored, string localFolder) =>
        string.Join(' ', stored.Select(file => new FileInfo(Path.Combine(localFolder, file.Name)))
            .Select(file => file.Exists ? string.Create(null, $"{file.Length}:{file.LastWriteTimeUtc.Ticks}") : "none"));

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

    private sealed record Verified(string Stamp, IReadOnlyDictionary<string, string> Hashes);
}
