using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Serverless.FaultTests.Programs;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.FaultTests.Checks;

/// <summary>Checks that every training request has exactly one outcome, and that the pointer names a complete version.</summary>
internal static class TrainingsCheck
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static async Task<IReadOnlyList<TrainingRun>> OutcomesAsync(Installation installation, TrainingRequest request) =>
        [.. (await new TrainingRuns(installation.Storage).ListAsync(request.Classifier, CancellationToken))
            .Where(run => run.DatasetETag == request.ETag && run.State is TrainingState.Published or TrainingState.Refused)];

    /// <summary>Breaks the lease of a killed trainer, which would end after a minute by itself.</summary>
    public static async Task BreakLeaseAsync(Installation installation, string classifier)
    {
        if (await IsLeasedAsync(installation, classifier))
        {
            await LeaseBlob(installation, classifier).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: CancellationToken);
        }
    }

    /// <summary>Whether a trainer, running or killed, holds the lease of the classifier.</summary>
    public static async Task<bool> IsLeasedAsync(Installation installation, string classifier)
    {
        var blob = LeaseBlob(installation, classifier);
        return await blob.ExistsAsync(CancellationToken) && (await blob.GetPropertiesAsync(cancellationToken: CancellationToken)).Value.LeaseState == LeaseState.Leased;
    }

    /// <returns>The run that completed the request.</returns>
    public static async Task<TrainingRun> ExactlyOneOutcomeAsync(Installation installation, TrainingRequest request)
    {
        var runs = await new TrainingRuns(installation.Storage).ListAsync(request.Classifier, CancellationToken);
        Assert.DoesNotContain(runs, run => run.State is TrainingState.Running or TrainingState.Queued);
        var outcome = Assert.Single(await OutcomesAsync(installation, request));
        await PointerIsValidAsync(installation, request.Classifier);
        return outcome;
    }

    /// <summary>Checks the hash of the manifest that the pointer names, and the hashes of all files.</summary>
    /// <returns>The version.</returns>
    public static async Task<string?> PointerIsValidAsync(Installation installation, string classifier)
    {
        if ((await installation.Registry.Pointers.ReadAsync(classifier, known: null, CancellationToken)).Current is not { } pointer)
        {
            return null;
        }

        await installation.Registry.Versions.VerifyAsync(classifier, pointer.Version, pointer.ManifestSha256, CancellationToken);
        return pointer.Version;
    }

    private static BlobClient LeaseBlob(Installation installation, string classifier) =>
        installation.Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(classifier));
}
