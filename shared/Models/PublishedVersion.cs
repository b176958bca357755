namespace Serverless.Models;

/// <summary>A version that serves or has served.</summary>
/// <param name="ManifestSha256">The hash of its manifest; null if no pointer has it.</param>
public sealed record PublishedVersion(string Version, string? ManifestSha256);
