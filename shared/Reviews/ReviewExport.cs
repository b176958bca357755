using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.Reviews;

/// <summary>Exports human labels as a data set, which starts a training.</summary>
/// <remarks>
/// The trainer takes one file, and the articles that a model is unsure of are not representative. The export is therefore the data set
/// that the serving version was trained on, with the reviewed articles appended. Of a text that occurs twice the trainer takes the last label.
/// </remarks>
public sealed class ReviewExport(StorageClients storage, ModelRegistry registry, ReviewStore reviews, TimeProvider time)
{
    private readonly BlobContainerClient datasets = storage.Container(StorageNames.DatasetsContainer);

    /// <returns>Null if there is no label yet.</returns>
    /// <exception cref="UserException">The data set of the serving version was replaced by one that rows cannot be appended to.</exception>
    public async Task<ExportedReviews?> ExportAsync(string classifier, CancellationToken cancellationToken)
    {
        // A local file first: a blob stream commits what it has even when it is disposed early.
        await using var file = TemporaryFile.Create();
        var extendedFrom = await CopyServingAsync(classifier, file, cancellationToken);
        var appender = Open(file, extendedFrom);
        var count = await AppendAsync(file, appender, classifier, cancellationToken);
        return count == 0
            ? null
            : new ExportedReviews(await UploadAsync(classifier, file, appender.Extension, cancellationToken), count, extendedFrom);
    }

    private static DatasetAppender Open(Stream file, string? extendedFrom)
    {
        try
        {
            return DatasetAppender.Open(file, extendedFrom ?? ".csv");
        }
        catch (UserException exception)
        {
            throw new UserException(
                $"The labels cannot be appended to '{extendedFrom}', on which the serving version was trained. {exception.Message} Upload it again as it was.",
                exception);
        }
    }

    /// <returns>The name of the blob.</returns>
    private async Task<string> UploadAsync(string classifier, Stream file, string extension, CancellationToken cancellationToken)
    {
        var onlyNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
        for (var moment = time.GetUtcNow(); ; moment += TimeSpan.FromMilliseconds(1))
        {
            var blob = StorageNames.ReviewedDataset(classifier, moment, extension);
            try
            {
                file.Position = 0;
                await datasets.GetBlobClient(blob).UploadAsync(file, onlyNew, cancellationToken);
                return blob;
            }
            catch (RequestFailedException exception) when (exception.Status is 409 or 412)
            {
                // Another export took the name in the same millisecond.
            }
        }
    }

    /// <summary>Copies the data set of the serving version, in its present state.</summary>
    /// <returns>Its name; null if no version serves, or if its data set no longer exists or is not a text file.</returns>
    private async Task<string?> CopyServingAsync(string classifier, Stream file, CancellationToken cancellationToken)
    {
        var pointer = await registry.Pointers.ReadAsync(classifier, null, cancellationToken);
        var serving = await registry.Pointers.ListServableAsync(classifier, pointer, cancellationToken).FirstOrDefaultAsync(cancellationToken);
        var manifest = serving is not null ? await registry.Versions.FindManifestAsync(classifier, serving.Version, cancellationToken) : null;
        if (manifest?.Dataset is not { } dataset || !DatasetAppender.CanAppend(dataset))
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

    private async Task<int> AppendAsync(Stream file, DatasetAppender appender, string classifier, CancellationToken cancellationToken)
    {
        var count = 0;
        await using var writer = new StreamWriter(file, leaveOpen: true);
        await writer.WriteAsync(appender.Prefix);
        await foreach (var reviewed in reviews.ListLabelledAsync(classifier, cancellationToken))
        {
            await writer.WriteAsync(appender.FormatRow(reviewed));
            count++;
        }

        return count;
    }
}
