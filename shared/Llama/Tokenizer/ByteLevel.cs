using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// GPT-2's byte-to-Unicode alphabet (<c>bytes_to_unicode</c>), in which byte-level BPE vocabularies are written: printable Latin-1 bytes map to
/// themselves, the other bytes to U+0100 and up, in order.
/// </summary>
public static class ByteLevel
{
    private static readonly char[] Chars = BuildChars();

    /// <summary>The character of one byte.</summary>
    public static char ToChar(byte value) => Chars[value];

    /// <summary>The characters of bytes, in order.</summary>
    public static string ToText(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            text.Append(Chars[value]);
        }

        return text.ToString();
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[value] = printable ? (char)value : (char)next++;
        }

        return chars;
    }
}
