using Serverless.Storage;

namespace Serverless.Models;

/// <summary><c>manifest.json</c>: written after the files that it lists, so a folder that has one is complete.</summary>
/// <param name="BaseModel">The base model that the files are, or that the adapter was trained on.</param>
/// <param name="Created">When the files were uploaded.</param>
/// <param name="Files">File name to SHA-256 in lower-case hex.</param>
public sealed record ModelManifest(string BaseModel, DateTimeOffset Created, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>The data set blob that an adapter was trained on, in the container <c>datasets</c>.</summary>
    public string? Dataset { get; init; }

    public string? DatasetETag { get; init; }

    internal BinaryData ToJson() => BinaryData.FromObjectAsJson(this, StorageJson.Options);

    /// <exception cref="InvalidDataException">The manifest is damaged; the message says how.</exception>
    internal static ModelManifest Parse(BinaryData json, string blob)
    {
        var manifest = ModelFiles.Parse<ModelManifest>(json, blob);
        if (manifest.BaseModel is null || manifest.Files is null)
        {
            throw new InvalidDataException($"{blob} is not a valid manifest: it needs 'baseModel' and 'files'.");
        }

        // A manifest is data: a name in it must not lead out of the folder.
        if (manifest.Files.Keys.FirstOrDefault(file => file.Split('/').Any(part => part is "" or "." or "..")) is { } outside)
        {
            throw new InvalidDataException($"{blob} names '{outside}', which lies outside its folder.");
        }

        // A file whose hash is null would not be checked.
        return manifest.Files.FirstOrDefault(file => file.Value is null) is { Key: { } name }
            ? throw new InvalidDataException($"{blob} lists '{name}' without its SHA-256.")
            : manifest;
    }
}
