using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// GPT-2's printable stand-ins for the 256 bytes, in which every byte-level BPE vocabulary is written: printable Latin-1
/// bytes stand for themselves, the others for U+0100 and up, in order.
/// </summary>
public static class ByteLevel
{
    private static readonly char[] Chars = BuildChars();

    /// <summary>The stand-in for one byte.</summary>
    public static char ToChar(byte value) => Chars[value];

    /// <summary>The stand-ins for bytes, in order.</summary>
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
