using System.Text;

namespace Serverless.Text;

/// <summary>
/// GPT-2's printable stand-ins for the 256 bytes, in which every byte-level BPE vocabulary is written: printable Latin-1
/// bytes stand for themselves, the others for U+0100 and up, in order.
/// </summary>
public static class ByteLevel
{
    private static readonly char[] Chars = BuildChars();
    private static readonly Dictionary<char, byte> Bytes = Chars.Select((c, b) => (c, (byte)b)).ToDictionary();

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

    /// <summary>The bytes that a vocabulary entry stands for; null if it holds any other character.</summary>
    public static byte[]? ToBytes(string text)
    {
        var bytes = new byte[text.Length];
        for (var i = 0; i < text.Length; i++)
        {
            if (!Bytes.TryGetValue(text[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
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
