using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>Uploads data sets to the container <c>datasets</c>.</summary>
public sealed class DatasetStore(StorageClients storage)
{
    // Few blocks at a time: an upload takes a few megabytes of memory, whatever its size.
    private const int BlockBytes = 4 * 1024 * 1024;
    private const int MaxBlocks = 2;

    private const int MaxNameCharacters = 200;

    /// <summary>Checks whether a data set can have this name.</summary>
    /// <param name="classifier">The classifier that it trains.</param>
    /// <param name="file">Its file name.</param>
    /// <param name="error">What is wrong, for a person.</param>
    public static bool TryValidateName(string classifier, string file, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (!StorageNames.IsName(classifier))
        {
            error = StorageNames.InvalidNameMessage(classifier);
        }
        else if (file.Length > MaxNameCharacters || file.StartsWith('.') || file.Any(c => c is '/' or '\\' || char.IsControl(c)))
        {
            error = $"'{file}' is not a valid name for a data set: use a plain file name of at most {MaxNameCharacters} characters, such as 2026-11.csv.";
        }
        else if (DatasetFormat.GetFileType(file) is null)
        {
            error = $"'{file}' is not a data set: its name must end in {string.Join(" or ", DatasetFormat.Extensions)}.";
        }

        return error is null;
    }

    /// <summary>Stores a data set block by block, which starts a training. Replaces a data set of the same name.</summary>
    /// <remarks>An upload that does not finish leaves the previous data set as it was.</remarks>
    public async Task<StoredDataset> WriteAsync(string classifier, string file, Stream content, CancellationToken cancellationToken)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient($"{classifier}/{file}");
        var options = new BlobUploadOptions
        {
            TransferOptions = new() { InitialTransferSize = BlockBytes, MaximumTransferSize = BlockBytes, MaximumConcurrency = MaxBlocks },
        };
        var written = await blob.UploadAsync(content, options, cancellationToken);
        var properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        return new StoredDataset(classifier, file, properties.Value.ContentLength, ETags.Unquote(written.Value.ETag.ToString()));
    }
}
