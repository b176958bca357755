using Serverless.Models;
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
        if (!await TryValidateAsync(classifier, version, cancellationToken))
        {
            return null;
        }

        if (pointer.Current?.Version != version)
        {
            if (!await registry.Pointers.PublishAsync(classifier, version, pointer.ETag, cancellationToken))
            {
                throw new PromotionException("Another version was published at the same moment. Look at the list of versions and decide again.");
            }

            await RecordPromotionAsync(classifier, version, cancellationToken);
        }

        return new Promotion(classifier, version, pointer.Current?.Version);
    }

    /// <returns>False if there is no such version.</returns>
    private async Task<bool> TryValidateAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        try
        {
            if (await registry.Versions.FindManifestAsync(classifier, version, cancellationToken) is not { } manifest)
            {
                return false;
            }

            if (manifest.BaseModel != options.Base)
            {
                throw new PromotionException(
                    $"Version '{version}' was trained on the base '{manifest.BaseModel}'; '{options.Base}' serves (setting Classifier__Base).");
            }

            await registry.Versions.VerifyAsync(classifier, version, manifestSha256: null, cancellationToken);
            await classifiers.TryVersionAsync(classifier, version, cancellationToken);
            return true;
        }
        catch (InvalidDataException exception)
        {
            throw new PromotionException($"Version '{version}' cannot be used: {exception.Message}");
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
