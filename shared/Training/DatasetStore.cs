using System.Text.Json.Serialization;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>A data set as it lies in the container <c>datasets</c>.</summary>
public sealed record StoredDataset(string Classifier, string File, long Bytes, [property: JsonPropertyName("etag")] string ETag);

/// <summary>The container <c>datasets</c>, as those see it who fill it.</summary>
public sealed class DatasetStore(StorageClients storage)
{
    // Few blocks at a time: what streams through takes some megabytes of memory, whatever its size.
    private const int BlockBytes = 4 * 1024 * 1024;
    private const int Blocks = 2;

    private const int NameCharacters = 200;

    /// <summary>What the trainer reads.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".csv", ".jsonl", ".ndjson", ".parquet"];

    /// <summary>Why a file of this name can be no data set, or null if it can.</summary>
    public static string? Reject(string classifier, string file)
    {
        if (!StorageNames.IsName(classifier))
        {
            return $"'{classifier}' is no name for a classifier: letters, digits, '-' and '_' only, at most 63 characters.";
        }

        if (file.Length > NameCharacters || file.StartsWith('.') || file.Any(c => c is '/' or '\\' || char.IsControl(c)))
        {
            return $"'{file}' is no name for a data set: a plain file name of at most {NameCharacters} characters, such as 2026-11.csv.";
        }

        return Extensions.Contains(Path.GetExtension(file).ToLowerInvariant())
            ? null
            : $"'{file}' is no data set: its name must end in {string.Join(" or ", Extensions)}.";
    }

    /// <summary>
    /// Stores a data set block by block, in the place of one of the same name; that starts a training. One that breaks off
    /// leaves what was there.
    /// </summary>
    public async Task<StoredDataset> WriteAsync(string classifier, string file, Stream content, CancellationToken cancellationToken)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient($"{classifier}/{file}");
        var options = new BlobUploadOptions
        {
            TransferOptions = new() { InitialTransferSize = BlockBytes, MaximumTransferSize = BlockBytes, MaximumConcurrency = Blocks },
        };
        var written = await blob.UploadAsync(content, options, cancellationToken);
        var properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        return new StoredDataset(classifier, file, properties.Value.ContentLength, written.Value.ETag.ToString().Trim('"'));
    }
}
