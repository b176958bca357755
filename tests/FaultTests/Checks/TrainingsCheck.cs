using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Serverless.FaultTests.Programs;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.FaultTests.Checks;

/// <summary>Every training request has exactly one outcome, and the pointer names a whole version.</summary>
internal static class TrainingsCheck
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    public static async Task<IReadOnlyList<TrainingRun>> OutcomesAsync(Installation installation, TrainingRequest request) =>
        [.. (await new TrainingRuns(installation.Storage).ListAsync(request.Classifier, Ended))
            .Where(run => run.DatasetETag == request.ETag && run.State is TrainingState.Published or TrainingState.Refused)];

    /// <summary>In place of the minute until a dead trainer's lease runs out.</summary>
    public static async Task BreakLeaseAsync(Installation installation, string classifier)
    {
        if (await IsLeasedAsync(installation, classifier))
        {
            await LeaseBlob(installation, classifier).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Ended);
        }
    }

    /// <summary>Whether a trainer, alive or dead, has the classifier.</summary>
    public static async Task<bool> IsLeasedAsync(Installation installation, string classifier)
    {
        var blob = LeaseBlob(installation, classifier);
        return await blob.ExistsAsync(Ended) && (await blob.GetPropertiesAsync(cancellationToken: Ended)).Value.LeaseState == LeaseState.Leased;
    }

    /// <returns>The run that ended the request.</returns>
    public static async Task<TrainingRun> ExactlyOneOutcomeAsync(Installation installation, TrainingRequest request)
    {
        var runs = await new TrainingRuns(installation.Storage).ListAsync(request.Classifier, Ended);
        Assert.DoesNotContain(runs, run => run.State is TrainingState.Running or TrainingState.Queued);
        var outcome = Assert.Single(await OutcomesAsync(installation, request));
        await PointerIsWholeAsync(installation, request.Classifier);
        return outcome;
    }

    /// <summary>Checks the hash of the manifest that the pointer names and those of all files.</summary>
    public static async Task<string?> PointerIsWholeAsync(Installation installation, string classifier)
    {
        if ((await installation.Registry.ReadPointerAsync(classifier, known: null, Ended)).Current is not { } pointer)
        {
            return null;
        }

        await installation.Registry.VerifyVersionAsync(classifier, pointer.Version, pointer.ManifestSha256, Ended);
        return pointer.Version;
    }

    private static BlobClient LeaseBlob(Installation installation, string classifier) =>
        installation.Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(classifier));
}
