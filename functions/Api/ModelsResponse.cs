

using Serverless.Models;

namespace Serverless.Functions.Api;

/// <summary>What the caller of <c>models</c> gets.</summary>
internal sealed record ModelsResponse(IReadOnlyList<string> Classifiers);

/// <summary>What the caller of <c>models/{classifier}</c> gets.</summary>
/// <param name="Serving">The version that the pointer names; null if it names none that can be used.</param>
/// <param name="Versions">The newest first.</param>
internal sealed record VersionsResponse(string Classifier, string? Serving, IReadOnlyList<VersionSummary> Versions)
{
    public static VersionsResponse Of(string classifier, IReadOnlyList<VersionSummary> versions) =>
        new(classifier, versions.FirstOrDefault(version => version.State == VersionState.Serving)?.Version, versions);
}
