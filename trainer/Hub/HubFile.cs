using System.Security.Cryptography;
using System.Text;

namespace Serverless.Trainer.Hub;

/// <summary>A repository of the Hugging Face Hub at a revision.</summary>
/// <param name="IsDataSet">True for a data set, false for a model.</param>
/// <param name="Name"><c>owner/name</c>.</param>
internal sealed record HubRepository(bool IsDataSet, string Name, string Revision)
{
    public string ApiPath => $"api/{(IsDataSet ? "datasets" : "models")}/{Name}";

    public string PagePath => IsDataSet ? $"datasets/{Name}" : Name;
}

/// <summary>A file as the Hub lists it.</summary>
/// <param name="Path">The path inside the repository.</param>
/// <param name="GitId">SHA-1 of the git blob, for files that are not in Git LFS.</param>
/// <param name="Sha256">SHA-256 of the content, for files in Git LFS.</param>
internal sealed record HubFile(string Path, long Size, string GitId, string? Sha256)
{
    /// <summary>The hash that identifies the content.</summary>
    public string Identity => Sha256 ?? GitId;

    /// <summary>Compares the size and hash of a local file with those of this file.</summary>
    public async Task<FileVerification> VerifyAsync(string localPath, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(localPath);
        if (content.Length != Size)
        {
            return new FileVerification(false, $"it has {content.Length:N0} bytes, the Hub lists {Size:N0}");
        }

        var (kind, actual) = Sha256 is not null
            ? ("SHA-256", Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)))
            : ("git id", await GitIdAsync(content, cancellationToken));
        return actual.Equals(Identity, StringComparison.OrdinalIgnoreCase)
            ? new FileVerification(true, "")
            : new FileVerification(false, $"its {kind} is {actual}, the Hub lists {Identity}");
    }

    private static async Task<string> GitIdAsync(FileStream content, CancellationToken cancellationToken)
    {
#pragma warning disable CA5350 // Git identifies blobs by SHA-1; it is compared, not used for security.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        var buffer = new byte[81920];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>The result of comparing a local file with the Hub's.</summary>
/// <param name="Difference">What differs; empty if nothing does.</param>
internal readonly record struct FileVerification(bool IsSame, string Difference);
