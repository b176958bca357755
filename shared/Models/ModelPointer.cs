using Serverless.Storage;

namespace Serverless.Models;

/// <summary><c>current.json</c>: which version of a classifier serves.</summary>
/// <param name="Version">The version's name.</param>
/// <param name="ManifestSha256">The hash of the version's manifest, which in turn has the hashes of its files.</param>
/// <param name="PublishedAt">When the pointer was written.</param>
public sealed record ModelPointer(string Version, string ManifestSha256, DateTimeOffset PublishedAt)
{
    private const int MaxPrevious = 5;

    /// <summary>The versions that served before, the latest first.</summary>
    /// <remarks>A process that starts while <see cref="Version"/> cannot be used falls back to them.</remarks>
    public IReadOnlyList<PublishedVersion> Previous { get; init; } = [];

    /// <summary>The current version, then the versions to fall back to.</summary>
    public IEnumerable<PublishedVersion> InOrder() => [new PublishedVersion(Version, ManifestSha256), .. Previous];

    /// <exception cref="InvalidDataException">The pointer is damaged; the message says how.</exception>
    internal static ModelPointer Parse(BinaryData json, string blob)
    {
        var pointer = ModelFiles.Parse<ModelPointer>(json, blob);
        return pointer.Previous is not null && pointer.InOrder().All(IsValid)
            ? pointer
            : throw new InvalidDataException($"{blob} is not a valid pointer: it needs the 'version' and 'manifestSha256' of each version that it names.");
    }

    /// <summary>The pointer that replaces <paramref name="previous"/>.</summary>
    /// <param name="previous">Null for a classifier's first pointer.</param>
    /// <param name="version">The version that serves from now on.</param>
    /// <param name="manifestSha256">The hash of its manifest.</param>
    /// <param name="publishedAt">The present time.</param>
    internal static ModelPointer CreateNext(ModelPointer? previous, string version, string manifestSha256, DateTimeOffset publishedAt) =>
        new(version, manifestSha256, publishedAt)
        {
            Previous = [.. previous?.InOrder().Where(earlier => earlier.Version != version).Take(MaxPrevious) ?? []],
        };

    private static bool IsValid(PublishedVersion? version) =>
        version is { ManifestSha256: not null, Version: { } name } && StorageNames.IsName(name);
}
