using System.Buffers.Text;
using System.Text;

namespace Serverless.Storage;

/// <summary>Continuation tokens of the storage service as Base64Url, since the service's own have characters that a URL must escape.</summary>
internal static class Continuation
{
    public static string? Encode(string? token) => string.IsNullOrEmpty(token) ? null : Base64Url.EncodeToString(Encoding.UTF8.GetBytes(token));

    /// <exception cref="BadContinuationException">The continuation is not Base64Url.</exception>
    public static string? Decode(string? continuation)
    {
        try
        {
            return continuation is null ? null : Encoding.UTF8.GetString(Base64Url.DecodeFromChars(continuation));
        }
        catch (FormatException)
        {
            throw new BadContinuationException();
        }
    }
}
