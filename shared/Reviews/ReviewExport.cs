using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>What an export wrote.</summary>
/// <param name="Dataset">The blob in the container <c>datasets</c>.</param>
/// <param name="Rows">How many labels of people it has.</param>
/// <param name="Continues">The data set that it begins with; null if it has the labels of people only.</param>
public sealed record ExportedReviews(string Dataset, int Rows, string? Continues);

/// <summary>
/// Turns the labels that people gave into a data set, which then retrains as any other does. The trainer takes one file, and
/// the articles that a model is unsure of are no fair picture of all: so the export is the data set that the serving version
/// was trained on, as it is, with the reviewed articles after it. Of a text that comes twice the trainer takes the last label.
/// </summary>
public sealed class ReviewExport(StorageClients storage, ModelRegistry registry, ReviewStore reviews, TimeProvider time)
{
    private readonly BlobContainerClient datasets = storage.Container(StorageNames.DatasetsContainer);

    /// <returns>Null if no label was given yet.</returns>
    public async Task<ExportedReviews?> ExportAsync(string classifier, CancellationToken cancellationToken)
    {
        // A file first: a blob stream commits what it has even when it is given up.
        await using var file = new FileStream(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        var continued = await CopyServingAsync(classifier, file, cancellationToken);
        var rows = DatasetAppender.After(file, Path.GetExtension(continued) ?? ".csv");
        var count = await AppendAsync(file, rows, classifier, cancellationToken);
        if (count == 0)
        {
            return null;
        }

        file.Position = 0;
        var blob = StorageNames.ReviewedDataset(classifier, time.GetUtcNow(), rows.Extension);
        var onlyNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
        await datasets.GetBlobClient(blob).UploadAsync(file, onlyNew, cancellationToken);
        return new ExportedReviews(blob, count, continued);
    }

    /// <summary>Copies the data set of the serving version, in its present state.</summary>
    /// <returns>Its name; null if nothing serves that was trained on a data set of text which is still there.</returns>
    private async Task<string?> CopyServingAsync(string classifier, Stream file, CancellationToken cancellationToken)
    {
        var pointer = await registry.ReadPointerAsync(classifier, null, cancellationToken);
        var serving = await registry.ListServableAsync(classifier, pointer, cancellationToken).FirstOrDefaultAsync(cancellationToken);
        var manifest = serving is not null ? await registry.FindManifestAsync(classifier, serving.Version, cancellationToken) : null;
        if (manifest?.Dataset is not { } dataset || !DatasetAppender.CanFollow(Path.GetExtension(dataset)))
        {
            return null;
        }

        try
        {
            await datasets.GetBlobClient(dataset).DownloadToAsync(file, cancellationToken);
            return dataset;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private async Task<int> AppendAsync(Stream file, DatasetAppender rows, string classifier, CancellationToken cancellationToken)
    {
        var count = 0;
        await using var writer = new StreamWriter(file, leaveOpen: true);
        await writer.WriteAsync(rows.Start);
        await foreach (var reviewed in reviews.LabelledAsync(classifier, cancellationToken))
        {
            await writer.WriteAsync(rows.Line(reviewed));
            count++;
        }

        return count;
    }
}
