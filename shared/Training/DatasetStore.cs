using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Blobs.Models;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>Uploads data sets, and the settings of their trainings, to the container <c>datasets</c>.</summary>
public sealed class DatasetStore(StorageClients storage)
{
    // The largest single write of storage. Longer data sets go to the container without this class.
    private const long MaxSingleWriteBytes = 5000L * 1024 * 1024;

    private const int MaxNameCharacters = 200;

    /// <summary>Checks whether a data set can have this name, or whether it is that of the settings: <c>training.json</c>.</summary>
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
        else if (file.Length > MaxNameCharacters || file.Any(c => c is '/' or '\\' || char.IsControl(c)))
        {
            error = $"'{file}' is not a valid name for a data set: use a plain file name of at most {MaxNameCharacters} characters, such as 2026-11.csv.";
        }
        else if (DatasetFormat.IsHidden(file))
        {
            error = $"'{file}' is not a data set: files whose name begins with '.', '__' or '~$' are copies, locks or metadata.";
        }
        else if (file != StorageNames.TrainingFile && DatasetFormat.GetFileType(file) is null)
        {
            var hint = Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase) ? " A JSON array of objects may be named .jsonl." : "";
            error = $"'{file}' is not a data set: its name must end in {string.Join(" or ", DatasetFormat.Extensions)}.{hint}";
        }

        return error is null;
    }

    /// <summary>Stores a data set, which starts a training, or settings, which do not. Replaces a file of the same name.</summary>
    /// <remarks>
    /// The content becomes a local file first and then one write, never a list of blocks: of two uploads of one name at the same time, each
    /// of more than one block, the one that was committed first discarded the blocks of the other. Each write is whole, the last one stays,
    /// and an upload that does not finish leaves the previous data set as it was. The memory for it does not depend on its size.
    /// </remarks>
    public async Task<StoredDataset> WriteAsync(string classifier, string file, Stream content, CancellationToken cancellationToken)
    {
        await using var local = TemporaryFile.Create();
        await content.CopyToAsync(local, cancellationToken);
        local.Position = 0;
        var options = new BlobUploadOptions { TransferOptions = new() { InitialTransferSize = MaxSingleWriteBytes } };
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient($"{classifier}/{file}");
        var written = await blob.UploadAsync(local, options, cancellationToken);
        return new StoredDataset(classifier, file, local.Length, ETags.Unquote(written.Value.ETag.ToString()));
    }
}
