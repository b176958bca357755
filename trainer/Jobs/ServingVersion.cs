using Azure;
using Serverless.Storage;
using Serverless.Trainer.Data;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Jobs;

/// <summary>The version of a classifier that serves now, as a witness for the gate: the one that the pointer names or, while that or the pointer itself is damaged, the latest before it.</summary>
/// <param name="Version">Null if none serves.</param>
/// <param name="PointerETag">The pointer must still have it when the successor is published.</param>
internal sealed record ServingVersion(LocalVersion? Version, ETag? PointerETag)
{
    public static async Task<ServingVersion> FindAsync(ModelRegistry registry, string classifier, TextWriter log, CancellationToken cancellationToken)
    {
        var pointer = await registry.ReadPointerAsync(classifier, known: null, cancellationToken);
        if (pointer.Damage is { } unreadable)
        {
            log.WriteLine($"gate   {unreadable}");
        }

        await foreach (var published in registry.ListServableAsync(classifier, pointer, cancellationToken))
        {
            try
            {
                return new ServingVersion(
                    await registry.DownloadVersionAsync(classifier, published.Version, published.ManifestSha256, cancellationToken), pointer.ETag);
            }
            catch (InvalidDataException damage)
            {
                // The functions cannot use it either: they serve the one before.
                log.WriteLine($"gate   version {published.Version} of {classifier} is passed over: {damage.Message}");
            }
        }

        return new ServingVersion(null, pointer.ETag);
    }

    /// <summary>The labels that it knows, and the one it gives to each row.</summary>
    public static (IReadOnlyList<string> Labels, IReadOnlyList<string> Predicted) Judge(
        LocalVersion version, string baseFolder, string precision, IReadOnlyList<DataSetRow> rows, CancellationToken cancellationToken)
    {
        using var classifier = TrainedClassifier.Open(baseFolder, version.Folder, precision);
        var logits = classifier.Logits(rows.Select(row => row.Text), cancellationToken);
        return (classifier.Labels, [.. logits.Select(row => classifier.Labels[Array.IndexOf(row, row.Max())])]);
    }
}
