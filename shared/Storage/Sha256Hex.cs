using System.Security.Cryptography;
using System.Text;

namespace Serverless.Storage;

/// <summary>SHA-256 as 64 lower-case hex characters, which are valid in every path and key.</summary>
public static class Sha256Hex
{
    /// <summary>The hash of the text's UTF-8 bytes.</summary>
    public static string HashText(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    public static string HashBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static async Task<string> HashFileAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(path);
        return await HashStreamAsync(stream, cancellationToken);
    }

    public static async Task<string> HashStreamAsync(Stream stream, CancellationToken cancellationToken) =>
        Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
}
