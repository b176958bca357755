using Serverless.Models;

namespace Serverless.Functions.Api;

/// <summary>The response of <c>GET models/{classifier}</c>.</summary>
/// <param name="Classifier">The name of the classifier.</param>
/// <param name="Serving">The version that the pointer names; null if it names none that can be used.</param>
/// <param name="Versions">Newest first.</param>
public sealed record VersionsResponse(string Classifier, string? Serving, IReadOnlyList<VersionSummary> Versions)
{
    public static VersionsResponse From(string classifier, IReadOnlyList<VersionSummary> versions) =>
        new(classifier, versions.FirstOrDefault(version => version.State == VersionState.Serving)?.Version, versions);
}
