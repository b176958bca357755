using System.Buffers;
using System.Globalization;
using System.Text;

namespace Serverless.Llama.Tokenizer;

/// <summary>What normalization form C needs of the Unicode character database, from the resource <c>NormalizationFormC.txt</c>.</summary>
/// <remarks>
/// It is that of Unicode 9, the version in Hugging Face tokenizers: a newer one would change characters that a model knows as they are.
/// <c>tests/reference/unicode_tables.py</c> writes it.
/// </remarks>
internal static class UnicodeTables
{
    private const string Resource = "NormalizationFormC.txt";

    private static readonly Dictionary<int, int> Classes = [];

    static UnicodeTables()
    {
        using var stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The program lacks its resource {Resource}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                Read(line.Split(' '));
            }
        }

        Involved = FindInvolved();
    }

    /// <summary>By character, the one or two characters that it consists of.</summary>
    public static Dictionary<int, (Rune First, Rune? Second)> Decompositions { get; } = [];

    /// <summary>By two characters, the one that they become.</summary>
    public static Dictionary<(int First, int Second), Rune> Compositions { get; } = [];

    /// <summary>The code units of the characters that a text in normalization form C may lack or have in another order.</summary>
    public static SearchValues<char> Involved { get; }

    /// <summary>The canonical combining class of a mark; 0 for any other character.</summary>
    public static int Class(Rune rune) => Classes.GetValueOrDefault(rune.Value);

    private static void Read(string[] line)
    {
        switch (line[0])
        {
            case "class":
                ReadClass(int.Parse(line[1], CultureInfo.InvariantCulture), line[2..]);
                break;
            case "pairs":
                ReadPairs(Code(line[1]), [.. line[2].EnumerateRunes()]);
                break;
            case "run":
                var code = Code(line[1]);
                foreach (var rune in line[2].EnumerateRunes())
                {
                    Decompositions.Add(code++, (rune, null));
                }

                break;
            case "parts":
                foreach (var entry in line[1..].Select(entry => entry.Split('=', '+')))
                {
                    Decompositions.Add(Code(entry[0]), (new Rune(Code(entry[1])), entry.Length > 2 ? new Rune(Code(entry[2])) : null));
                }

                break;
        }
    }

    private static void ReadClass(int combiningClass, IEnumerable<string> ranges)
    {
        foreach (var ends in ranges.Select(range => range.Split('-')))
        {
            for (var code = Code(ends[0]); code <= Code(ends[^1]); code++)
            {
                Classes.Add(code, combiningClass);
            }
        }
    }

    private static void ReadPairs(int second, Rune[] pairs)
    {
        foreach (var pair in pairs.Chunk(2))
        {
            Compositions.Add((pair[0].Value, second), pair[1]);
            Decompositions.Add(pair[1].Value, (pair[0], new Rune(second)));
        }
    }

    // Not the compositions, which stay what they are, so that most texts of most languages are not touched.
    private static SearchValues<char> FindInvolved()
    {
        var composed = Compositions.Values.Select(rune => rune.Value).ToHashSet();
        var jamo = Enumerable.Range(0x1161, 0x11C3 - 0x1161);
        var codes = Classes.Keys.Concat(Compositions.Keys.Select(pair => pair.Second)).Concat(Decompositions.Keys.Where(code => !composed.Contains(code)));
        return SearchValues.Create([.. codes.Concat(jamo).Select(code => new Rune(code).ToString()[0]).Distinct().Order()]);
    }

    private static int Code(string hex) => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
