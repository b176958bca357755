using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary><c>manifest.json</c>: written after the files it lists, so a folder that has one is complete.</summary>
/// <param name="BaseModel">The base model that the files are, or that the adapter was trained on.</param>
/// <param name="Created">When the files were uploaded.</param>
/// <param name="Files">File name to SHA-256 in lower-case hex.</param>
public sealed record ModelManifest(string BaseModel, DateTimeOffset Created, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>The data set blob that an adapter was trained on, inside the container <c>datasets</c>.</summary>
    public string? Dataset { get; init; }

    public string? DatasetETag { get; init; }

    internal BinaryData ToJson() => BinaryData.FromObjectAsJson(this, StorageJson.Options);

    internal static ModelManifest Parse(BinaryData json, string blob)
    {
        var manifest = ModelFiles.Parse<ModelManifest>(json, blob);
        if (manifest.BaseModel is null || manifest.Files is null)
        {
            throw new InvalidDataException($"{blob} is no manifest: it needs 'baseModel' and 'files'.");
        }

        // A manifest is data: a name in it must not climb out of the folder.
        if (manifest.Files.Keys.FirstOrDefault(file => file.Split('/').Any(part => part is "" or "." or "..")) is { } climbing)
        {
            throw new InvalidDataException($"{blob} names '{climbing}', which lies outside its folder.");
        }

        // A hash that is null would be one that is not checked.
        return manifest.Files.FirstOrDefault(file => file.Value is null) is { Key: { } name }
            ? throw new InvalidDataException($"{blob} lists '{name}' without its SHA-256.")
            : manifest;
    }
}

/// <summary><c>current.json</c>: which version of a classifier serves.</summary>
/// <param name="Version">The version's name.</param>
/// <param name="ManifestSha256">The hash of the version's manifest, which in turn has those of its files.</param>
/// <param name="PublishedAt">When the pointer was written.</param>
public sealed record ModelPointer(string Version, string ManifestSha256, DateTimeOffset PublishedAt)
{
    private const int Remembered = 5;

    /// <summary>What served before, the latest first: a process that starts while <see cref="Version"/> cannot be used falls back on it.</summary>
    public IReadOnlyList<PublishedVersion> Previous { get; init; } = [];

    /// <summary>The version that is named, and then those to fall back on.</summary>
    public IEnumerable<PublishedVersion> InOrder() => [new PublishedVersion(Version, ManifestSha256), .. Previous];

    /// <exception cref="InvalidDataException">It is damaged; says what is wrong.</exception>
    internal static ModelPointer Parse(BinaryData json, string blob)
    {
        var pointer = ModelFiles.Parse<ModelPointer>(json, blob);
        return pointer.Previous is not null && pointer.InOrder().All(each => each is { ManifestSha256: not null, Version: { } version } && StorageNames.IsName(version))
            ? pointer
            : throw new InvalidDataException($"{blob} is no pointer: it needs the 'version' and 'manifestSha256' of each version that it names.");
    }

    /// <summary>The pointer to a version that takes the place of the one before; null for the first.</summary>
    internal static ModelPointer After(ModelPointer? before, string version, string manifestSha256, DateTimeOffset now) =>
        new(version, manifestSha256, now) { Previous = [.. before?.InOrder().Where(earlier => earlier.Version != version).Take(Remembered) ?? []] };
}

/// <summary>A version that served, or serves, and the hash of its manifest; null where no pointer says it.</summary>
public sealed record PublishedVersion(string Version, string? ManifestSha256);

/// <summary>A version as it lies in storage.</summary>
/// <param name="Metrics">The content of its <c>metrics.json</c>, as the trainer wrote it; null if it has none.</param>
/// <param name="Serving">True for the one that the pointer names.</param>
public sealed record ModelVersion(string Classifier, string Version, ModelManifest Manifest, JsonElement? Metrics, bool Serving);
