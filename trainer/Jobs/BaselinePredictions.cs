using Serverless.Models;
using Serverless.Trainer.Data;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>
/// Predictions of the serving version on the held-out rows: the gate's baseline. The serving version is the one that the pointer
/// names or, if that one or the pointer cannot be used, the latest usable version before it.
/// </summary>
/// <param name="Labels">The labels of the version.</param>
/// <param name="Predicted">The predicted label of each row.</param>
internal sealed record BaselinePredictions(string Version, IReadOnlyList<string> Labels, IReadOnlyList<string> Predicted)
{
    /// <returns>Null if there is no usable version.</returns>
    public static async Task<BaselinePredictions?> ComputeAsync(
        ModelRegistry registry, string classifier, PointerReading pointer, string precision, IReadOnlyList<DataSetRow> rows, TextWriter log,
        CancellationToken cancellationToken)
    {
        if (pointer.Damage is { } damage)
        {
            log.WriteLine($"gate   {damage}");
        }

        await foreach (var published in registry.Pointers.ListServableAsync(classifier, pointer, cancellationToken))
        {
            try
            {
                var version = await registry.Versions.DownloadAsync(classifier, published.Version, published.ManifestSha256, cancellationToken);
                var baseModel = await registry.Bases.DownloadAsync(version.Manifest.BaseModel, cancellationToken);
                baseModel.RequireBaseOf(version);
                return await Task.Run(() => Predict(version, baseModel.Folder, precision, rows, log, cancellationToken), cancellationToken);
            }
            catch (Exception exception) when (exception is InvalidDataException or UserException { InnerException: InvalidDataException })
            {
                // The functions cannot load it either and serve the version before it.
                log.WriteLine($"gate   version {published.Version} of {classifier} is skipped: {exception.Message}");
            }
        }

        return null;
    }

    private static BaselinePredictions Predict(
        LocalVersion version, string baseFolder, string precision, IReadOnlyList<DataSetRow> rows, TextWriter log, CancellationToken cancellationToken)
    {
        using var classifier = TrainedClassifier.Open(baseFolder, version.Folder, precision, log);
        var logits = classifier.Logits(rows.Select(row => row.Text), cancellationToken);
        string[] predicted = [.. logits.Select(row => classifier.Labels[Array.IndexOf(row, row.Max())])];
        return new BaselinePredictions(version.Version, classifier.Labels, predicted);
    }
}
