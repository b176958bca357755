using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Trainer.Data;

/// <summary>
/// The identity of a text: the first half of the SHA-256 of its normalised form (lower case, runs of white space as one space). It
/// decides whether a row is held out, so a text is in the same part in every upload.
/// </summary>
internal readonly record struct TextHash(UInt128 Value)
{
    /// <summary>The hash as a uniform number in [0, 1).</summary>
    public double Fraction => (double)(Value >> 75) / (1L << 53);

    public static TextHash Compute(string text)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(Normalize(text)));
        return new TextHash(BinaryPrimitives.ReadUInt128BigEndian(digest));
    }

    public static string Normalize(string text) =>
        string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
}
