
using Serverless.Models;
using Serverless.Trainer.Data;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>The version of a classifier that serves now, as a witness for the gate: the one that the pointer names or, while that cannot be used or the pointer itself is damaged, the latest before it.</summary>
/// <param name="Labels">Those that it knows.</param>
/// <param name="Predicted">The label that it gives to each row.</param>
internal sealed record BaselinePredictions(string Version, IReadOnlyList<string> Labels, IReadOnlyList<string> Predicted)
{
    /// <returns>Null if none serves.</returns>
    public static async Task<BaselinePredictions?> ComputeAsync(
        ModelRegistry registry, string classifier, PointerReading pointer, string precision, IReadOnlyList<DataSetRow> rows, TextWriter log, CancellationToken cancellationToken)
    {
        if (pointer.Damage is { } unreadable)
        {
            log.WriteLine($"gate   {unreadable}");
        }

        await foreach (var published in registry.Pointers.ListServableAsync(classifier, pointer, cancellationToken))
        {
            try
            {
                var version = await registry.DownloadVersionAsync(classifier, published.Version, published.ManifestSha256, cancellationToken);
                var baseFolder = await registry.DownloadBaseAsync(version.Manifest.BaseModel, cancellationToken);
                return await Task.Run(() => Compute(version, baseFolder, precision, rows, cancellationToken), cancellationToken);
            }
            catch (InvalidDataException exception)
            {
                // The functions cannot use it either: they serve the one before.
                log.WriteLine($"gate   version {published.Version} of {classifier} is passed over: {exception.Message}");
            }
        }

        return null;
    }

    private static BaselinePredictions Compute(LocalVersion version, string baseFolder, string precision, IReadOnlyList<DataSetRow> rows, CancellationToken cancellationToken)
    {
        using var classifier = TrainedClassifier.Open(baseFolder, version.Folder, precision);
        var logits = classifier.Logits(rows.Select(row => row.Text), cancellationToken);
        return new BaselinePredictions(version.Version, classifier.Labels, [.. logits.Select(row => classifier.Labels[Array.IndexOf(row, row.Max())])]);
    }
}
