using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Serverless.Storage;

/// <summary>UTF-8 that rejects invalid bytes instead of replacing them.</summary>
public static class StrictUtf8
{
    private static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Says where bytes are not UTF-8, and what they may be, for a person.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes, int invalidByte) => bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]
        ? $"not UTF-8 (byte {invalidByte:N0}); it begins like UTF-16"
        : $"not UTF-8 (byte {invalidByte:N0})";

    /// <summary>Decodes bytes. A byte order mark stays in the text.</summary>
    /// <param name="bytes">The bytes to decode.</param>
    /// <param name="text">The text; null if the bytes are not UTF-8.</param>
    /// <param name="invalidByte">The index of the first byte that is not valid; 0 if all are.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text, out int invalidByte)
    {
        try
        {
            text = Encoding.GetString(bytes);
            invalidByte = 0;
            return true;
        }
        catch (DecoderFallbackException exception)
        {
            text = null;
            invalidByte = exception.Index;
            return false;
        }
    }
}
