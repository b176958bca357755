using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Serving;

/// <summary>Lets a person choose the version that serves: an older one, a newer one, or a candidate that the gate refused.</summary>
public sealed class ModelPromotion(
    ModelRegistry registry, TrainingRuns runs, ArticleClassifier classifiers, ClassifierOptions options, TimeProvider time)
{
    /// <summary>Makes a version serve by moving the pointer (If-Match).</summary>
    /// <param name="classifier">The classifier's name.</param>
    /// <param name="version">Any version that was uploaded.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Null if there is no such version.</returns>
    /// <exception cref="PromotionException">The version cannot serve, or the pointer was moved by someone else at the same moment.</exception>
    public async Task<Promotion?> PromoteAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        var pointer = await registry.Pointers.ReadAsync(classifier, null, cancellationToken);
        if (await TryValidateAsync(classifier, version, cancellationToken) is not { } manifestSha256)
        {
            return null;
        }

        // A pointer with another hash is rewritten: no process would load the version that it names.
        if (pointer.Current?.Version != version || pointer.Current.ManifestSha256 != manifestSha256)
        {
            if (!await registry.Pointers.PublishAsync(classifier, version, pointer.ETag, cancellationToken))
            {
                throw new PromotionException("Another version was published at the same moment. Look at the list of versions and decide again.");
            }

            await RecordPromotionAsync(classifier, version, cancellationToken);
        }

        return new Promotion(classifier, version, pointer.Current?.Version);
    }

    /// <summary>Compares all files with the manifest, and the base with the one that serves; if a base is loaded, tries the version on it.</summary>
    /// <remarks>Only a loaded base can be compared if it was uploaded by hand, without a manifest.</remarks>
    /// <returns>The hash of the manifest; null if there is no such version.</returns>
    private async Task<string?> TryValidateAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        try
        {
            if (await registry.Versions.FindManifestAsync(classifier, version, cancellationToken) is not { } manifest)
            {
                return null;
            }

            if (manifest.BaseModel != options.Base)
            {
                throw new PromotionException(
                    $"Version '{version}' was trained on the base '{manifest.BaseModel}'; '{options.Base}' serves (setting Classifier__Base).");
            }

            var (_, sha256) = await registry.Versions.VerifyAsync(classifier, version, manifestSha256: null, cancellationToken);
            if (await registry.Bases.FindSha256Async(options.Base, cancellationToken) is { } baseSha256)
            {
                LocalBase.RequireSame(options.Base, baseSha256, version, classifier, manifest);
            }

            await classifiers.TryVersionAsync(classifier, version, cancellationToken);
            return sha256;
        }
        catch (Exception exception) when (exception is not PromotionException && VersionErrors.IsPermanent(exception))
        {
            throw new PromotionException($"Version '{version}' cannot be used: {StorageErrors.Describe(exception)}");
        }
    }

    /// <remarks>
    /// Clears the serving error too: its cause may have been corrected, so the version is tried again. The text is empty, since a merge cannot
    /// write null.
    /// </remarks>
    private Task RecordPromotionAsync(string classifier, string version, CancellationToken cancellationToken) =>
        runs.MergePropertiesAsync(
            classifier,
            version,
            new Dictionary<string, object> { [nameof(TrainingRun.PromotedAt)] = time.GetUtcNow(), [nameof(TrainingRun.ServingProblem)] = "" },
            cancellationToken);
}
