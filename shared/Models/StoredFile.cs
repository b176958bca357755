using Azure;
using Azure.Storage.Blobs.Models;

namespace Serverless.Models;

/// <summary>A file to download, with what storage says about its content.</summary>
/// <param name="Name">Its name in its folder.</param>
/// <param name="Sha256">From a manifest; null for a file that was uploaded by hand.</param>
internal sealed record StoredFile(string Name, string? Sha256)
{
    public long? Length { get; private init; }

    /// <summary>The blob's Content-MD5; null where the uploader's tool gave none.</summary>
    public byte[]? Md5 { get; private init; }

    /// <summary>The version of the blob that <see cref="Length"/> and <see cref="Md5"/> belong to.</summary>
    public ETag? ETag { get; private init; }

    /// <summary>Whether a file has the length and the MD5 that storage lists, as far as it lists them.</summary>
    public bool Matches(FileHashes content) =>
        (Length is null || Length == content.Length) && (Md5 is null || Md5.AsSpan().SequenceEqual(content.Md5));

    public static StoredFile FromListing(string name, BlobItemProperties properties) =>
        new(name, Sha256: null) { Length = properties.ContentLength, Md5 = properties.ContentHash, ETag = properties.ETag };
}
