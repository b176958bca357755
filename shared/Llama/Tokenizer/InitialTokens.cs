using System.Globalization;
using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>
/// The tokens that byte-pair encoding of a word starts with. In a byte-level vocabulary, one for each byte; a byte that has none becomes the
/// unknown token, or nothing if there is no such token. In the others, one for each character, or one for each byte of a character that has none.
/// </summary>
/// <remarks>SmolLM2's vocabulary lacks 21 bytes, nearly all of them control characters and bytes that never occur in UTF-8.</remarks>
internal sealed class InitialTokens
{
    private const int Missing = -1;

    private readonly int[] bytes;
    private readonly Dictionary<string, int>? characters; // null for a byte-level vocabulary
    private readonly int? unknown;
    private readonly bool fuseUnknown;

    /// <exception cref="FormatException">The vocabulary lacks tokens that every text needs; names the first one.</exception>
    public InitialTokens(TokenizerFile file)
    {
        characters = file.PreTokenizer.IsByteLevel ? null : file.Vocabulary;
        bytes = [.. Enumerable.Range(0, 256).Select(value => file.Vocabulary.GetValueOrDefault(Name((byte)value), Missing))];
        fuseUnknown = file.FuseUnknown;
        for (var value = 0; value < 256; value++)
        {
            // 0xC0, 0xC1 and those from 0xF5 never occur in UTF-8
            HasEveryByte &= bytes[value] != Missing || value is 0xC0 or 0xC1 or >= 0xF5;
            if (bytes[value] == Missing && (characters is not null || value is >= ' ' and <= '~'))
            {
                throw new FormatException($"model.vocab has no token \"{Name((byte)value)}\" for the byte 0x{value:X2}");
            }
        }

        if (file.UnknownToken is { } name && !HasEveryByte)
        {
            unknown = file.Vocabulary.TryGetValue(name, out var id) ? id : throw new FormatException($"model.unk_token \"{name}\" is not in model.vocab");
        }
    }

    /// <summary>Whether each byte of any text has a token.</summary>
    public bool HasEveryByte { get; } = true;

    /// <summary>A word as the vocabulary writes it.</summary>
    public string Write(ReadOnlySpan<char> word) => characters is null ? ByteLevel.ToText(Utf8(word)) : word.ToString();

    /// <returns>The tokens, and for each one the number of the word's UTF-8 bytes up to its end.</returns>
    public (int[] Tokens, int[] Ends) Read(ReadOnlySpan<char> word)
    {
        var (tokens, ends) = (new List<int>(word.Length), new List<int>(word.Length));
        Span<byte> utf8 = stackalloc byte[4];
        var end = 0;
        foreach (var rune in word.EnumerateRunes())
        {
            if (characters is not null && characters.TryGetValue(rune.ToString(), out var token))
            {
                end += rune.Utf8SequenceLength;
                Add(token);
                continue;
            }

            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                end++;
                AddByte(bytes[value]);
            }
        }

        return ([.. tokens], [.. ends]);

        void Add(int token)
        {
            tokens.Add(token);
            ends.Add(end);
        }

        void AddByte(int token)
        {
            if (token != Missing)
            {
                Add(token);
            }
            else if (fuseUnknown && tokens.Count > 0 && tokens[^1] == unknown)
            {
                ends[^1] = end;
            }
            else if (unknown is { } replacement)
            {
                Add(replacement);
            }
        }
    }

    internal static byte[] Utf8(ReadOnlySpan<char> word)
    {
        var utf8 = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, utf8);
        return utf8;
    }

    private string Name(byte value) => characters is null
        ? ByteLevel.ToChar(value).ToString()
        : string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");
}
