using System.Text;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary><c>manifest.json</c>: written after the files that it lists, so a folder that has one is complete.</summary>
/// <param name="BaseModel">The base model that the files are, or that the adapter was trained on.</param>
/// <param name="Created">When the files were uploaded.</param>
/// <param name="Files">File name to SHA-256 in lower-case hex.</param>
public sealed record ModelManifest(string BaseModel, DateTimeOffset Created, IReadOnlyDictionary<string, string> Files)
{
    private const int MaxNameBytes = 255; // of a file in a file system

    /// <summary>The files of the base model that an adapter was trained on (<see cref="LocalBase.Sha256"/>); null if it is not known.</summary>
    public string? BaseSha256 { get; init; }

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

        if (!StorageNames.IsBaseModel(manifest.BaseModel))
        {
            throw new InvalidDataException($"{blob} has the 'baseModel' {Quote(manifest.BaseModel)}; it must be owner/name.");
        }

        // A manifest is data: a name in it must not lead out of the folder.
        if (manifest.Files.Keys.FirstOrDefault(file => file.Split('/').Any(part => part is "" or "." or "..")) is { } outside)
        {
            throw new InvalidDataException($"{blob} names '{outside}', which lies outside its folder.");
        }

        if (manifest.Files.Keys.FirstOrDefault(file => !IsFileName(file)) is { } name)
        {
            throw new InvalidDataException(
                $"{blob} names {Quote(name)}, which is not a valid file name: it has a control character or '\\', or more than {MaxNameBytes} bytes.");
        }

        // A file whose hash is null would not be checked.
        return manifest.Files.FirstOrDefault(file => file.Value is null) is { Key: { } unhashed }
            ? throw new InvalidDataException($"{blob} lists '{unhashed}' without its SHA-256.")
            : manifest;
    }

    private static bool IsFileName(string name) =>
        !name.Any(character => char.IsControl(character) || character == '\\')
        && name.Split('/').All(part => Encoding.UTF8.GetByteCount(part) <= MaxNameBytes);

    private static string Quote(string name) => JsonSerializer.Serialize(name.Length <= 60 ? name : name[..60] + "…", StorageJson.Options);
}
