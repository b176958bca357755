using System.Text;
using Serverless.Storage;

namespace Serverless.Models;

/// <summary>A base model in a local folder.</summary>
/// <param name="Name">Its name, <c>owner/name</c>.</param>
/// <param name="Folder">A Hugging Face folder.</param>
/// <param name="Sha256">
/// Identifies what a model computes: the SHA-256 of what <c>sha256sum config.json tokenizer.json *.safetensors*</c> prints, sorted by name.
/// </param>
public sealed record LocalBase(string Name, string Folder, string Sha256)
{
    private const int ShownCharacters = 12;

    /// <summary>Reads and hashes the files of a folder.</summary>
    public static async Task<LocalBase> ReadAsync(string name, string folder, CancellationToken cancellationToken)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in ModelFiles.EnumerateLocal(folder).Where(IsIdentity))
        {
            hashes[file] = (await FileHashes.ReadAsync(Path.Combine(folder, file), withMd5: false, cancellationToken)).Sha256;
        }

        return new LocalBase(name, folder, Identify(hashes));
    }

    /// <summary>Checks that an adapter was trained on this base. A version that names no hash, as earlier programs wrote it, passes.</summary>
    /// <exception cref="InvalidDataException">It was trained on other files under the same name.</exception>
    public void RequireBaseOf(LocalVersion version) => RequireSame(Name, Sha256, version.Version, version.Classifier, version.Manifest);

    /// <inheritdoc cref="RequireBaseOf"/>
    internal static void RequireSame(string name, string sha256, string version, string classifier, ModelManifest manifest)
    {
        if (manifest.BaseSha256 is { } expected && expected != sha256)
        {
            throw new InvalidDataException(
                $"Version '{version}' of '{classifier}' was trained on the base '{name}' with the SHA-256 {Shorten(expected)}, but the one that " +
                $"serves has {Shorten(sha256)}: its files were replaced. Restore them, or give the new base a name of its own.");
        }
    }

    /// <summary>The hash of a base whose files have these hashes.</summary>
    internal static string Identify(IReadOnlyDictionary<string, string> hashes)
    {
        var lines = new StringBuilder();
        foreach (var (name, hash) in hashes.Where(file => IsIdentity(file.Key)).OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            lines.Append(hash).Append("  ").Append(name).Append('\n');
        }

        return Sha256Hex.HashText(lines.ToString());
    }

    // The hyper-parameters in training.json, for example, may change.
    private static bool IsIdentity(string file) =>
        ModelFiles.IsLoaded(file) && (file is "config.json" or "tokenizer.json" || file.Contains(".safetensors", StringComparison.Ordinal));

    private static string Shorten(string sha256) => sha256.Length <= ShownCharacters ? sha256 : sha256[..ShownCharacters] + "…";
}
