using Azure;
using Serverless.Storage;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>The settings of one classifier's trainings: the blob <c>datasets/{classifier}/training.json</c>, which overrides the base's.</summary>
/// <remarks>
/// A job takes no options, and classifiers differ: one has articles of 50 tokens, the next of 900, and its labels are 95 : 5. The settings are
/// read once, when the job begins, and stand with the version.
/// </remarks>
internal static class ClassifierSettings
{
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The name of the blob in messages, with its container.</summary>
    public static string NameFor(string classifier) => $"{StorageNames.DatasetsContainer}/{StorageNames.SettingsBlob(classifier)}";

    /// <summary>Loads the options of a training: those of the base, under those of the classifier, if it has any.</summary>
    /// <exception cref="InvalidTrainOptionsException">A setting does not exist, or its value is not valid.</exception>
    public static async Task<TrainOptions> LoadAsync(StorageClients storage, string classifier, string baseFolder, CancellationToken cancellationToken)
    {
        var name = NameFor(classifier);
        return await ReadAsync(storage, classifier, cancellationToken) is { } json
            ? TrainOptionsLoader.Load(baseFolder, (name, TrainOptionsLoader.Parse(name, json)))
            : TrainOptionsLoader.Load(baseFolder);
    }

    /// <returns>Null if the classifier has no settings of its own.</returns>
    private static async Task<string?> ReadAsync(StorageClients storage, string classifier, CancellationToken cancellationToken)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient(StorageNames.SettingsBlob(classifier));
        try
        {
            using var download = (await blob.DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            if (download.Details.ContentLength > MaxBytes)
            {
                throw new InvalidTrainOptionsException(
                    $"{NameFor(classifier)}: the file has {download.Details.ContentLength:N0} bytes; settings have at most {MaxBytes:N0}.");
            }

            using var reader = new StreamReader(download.Content);
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }
}
