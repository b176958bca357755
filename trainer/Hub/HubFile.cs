using System.Security.Cryptography;
using System.Text;

namespace Serverless.Trainer.Hub;

/// <summary>A repository of the Hugging Face hub at one commit.</summary>
/// <param name="IsDataSet">A data set; otherwise a model.</param>
/// <param name="Name"><c>owner/name</c>.</param>
internal sealed record HubRepository(bool IsDataSet, string Name, string Revision)
{
    public string ApiPath => $"api/{(IsDataSet ? "datasets" : "models")}/{Name}";

    public string PagePath => IsDataSet ? $"datasets/{Name}" : Name;
}

/// <summary>A file as the hub lists it.</summary>
/// <param name="Path">Inside the repository.</param>
/// <param name="GitId">SHA-1 of the git blob, for files that git holds itself.</param>
/// <param name="Sha256">Of the content, for large files (Git LFS).</param>
internal sealed record HubFile(string Path, long Size, string GitId, string? Sha256)
{
    /// <summary>What tells this content from any other.</summary>
    public string Identity => Sha256 ?? GitId;

    /// <summary>Why a local file is not this one; null if it is.</summary>
    public async Task<string?> FaultAsync(string localPath, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(localPath);
        if (content.Length != Size)
        {
            return $"it has {content.Length:N0} bytes, the hub says {Size:N0}";
        }

        var (kind, actual) = Sha256 is not null
            ? ("SHA-256", Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)))
            : ("git id", await GitIdAsync(content, cancellationToken));
        return actual.Equals(Identity, StringComparison.OrdinalIgnoreCase) ? null : $"its {kind} is {actual}, the hub says {Identity}";
    }

    private static async Task<string> GitIdAsync(FileStream content, CancellationToken cancellationToken)
    {
#pragma warning disable CA5350 // Git names its blobs by SHA-1; it is compared, not relied upon for secrecy.
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
