namespace Serverless.UnitTests.Llama.Tokenizer;

/// <summary>Texts on which tokenizers disagree.</summary>
internal static class EdgeCaseTexts
{
    public static IReadOnlyList<string> All { get; } =
    [
        "",
        " ",
        "          ",
        new(' ', 1000),
        "\t\t  \t",
        "\u00a0\u00a0 \u2003\u3000 x",
        "line\r\nline\rline\nline\n\r\n\r\r\n",
        "  \r\n  \n indented \r",
        "\n",
        "trailing   ",
        "   leading",
        "a  b   c    d",
        "\u0085\u2028\u2029\u000b\u000c",
        "\u0000\u0001\u001f\u007f",
        "👩‍👩‍👧‍👦 👨🏽‍🚀 🏳️‍🌈 🇩🇪🇫🇷 ☕️❤️",
        "😀😃😄😁😆",
        "שלום עולם، مرحبا بالعالم ۱۲۳ \u202eabc\u202c",
        "e\u0301 a\u030a o\u0308\u0304 n\u0303 Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f",
        "Việt Nam, Đà Nẵng, ŽŠČ, ﬁﬂ, ＦＵＬＬ ｗｉｄｔｈ",
        "हिन्दी देवनागरी தமிழ் ภาษาไทย ខ្មែរ မြန်မာ",
        "日本語のテキスト、中文文本。한국어 텍스트",
        "𝕳𝖊𝖑𝖑𝖔 𝓦𝓸𝓻𝓵𝓭 𝟘𝟙𝟚𝟛𝟜 𝟭𝟮𝟯 𠀀𠀁𠀂𠀃 𐌰𐌱𐌲 𐍅",
        "a𠀀b 1𝟙2 '𝓼 𝓼's x\U0001D7D9\U0001D7DA\U0001D7DB\U0001D7DC4567",
        "𐒠𐒡𐒢 \U0001F468\u200d\U0001F4BB\U000E0067\U000E007F \U0010FFFF\U000F0000",
        "zero\u200bwidth\u200cjoin\u200dmarks\ufeffbom\u2060word\u00adsoft",
        "1 12 123 1234 12345 123456 1234567 12345678901234567890",
        "3.14159, 1,000,000.00; ²³¹ ½¾ ⅫⅣ ①②③ ٠١٢٣",
        "1st 2nd 3RD 1990s $5bn 7% #39; &lt;b&gt; &#36;",
        "It's it'S IT'S I'LL we'Ve they'd don't 'tis o'clock ''s 's'",
        "it'ſ I'K",
        "it’s “quoted” — dash – dash … ‚low‘",
        "...!!!???;;;:::---___===+++***///\\\\\\|||",
        "https://example.org/a?b=c&d=%20#e user@example.org C:\\dir\\file.txt",
        "<|eot_id|> <|begin_of_text|><|end_of_text|> <|endoftext|> <s></s> [INST]",
        "\ud800 lone \udc00 surrogates \ud83d",
        "\ud83d\ud83d\ude00\ude00",
        "\ufffd\ufffe\uffff",
        "Ġ Ċ ĉ Ā byte-level stand-ins âĢĻ",
        "supercalifragilisticexpialidocious Donaudampfschifffahrtsgesellschaftskapitän",
        "CamelCaseAndsnake_case_and-kebab-case MIXEDcase",
        new('!', 5000),
        new('7', 3001),
        string.Concat(Enumerable.Repeat("ab", 4000)),
        string.Concat(Enumerable.Repeat("é", 4000)),
        string.Concat(Enumerable.Repeat("😀", 2000)),
        string.Concat(Enumerable.Repeat("\r\n", 1000)),
        new('a', 100_000),
        RandomText(seed: 1, runes: 20_000, limit: 0x80),
        RandomText(seed: 2, runes: 20_000, limit: 0x3000),
    ];

    /// <summary>Runes below a limit, so that every pair of adjacent scripts and categories occurs.</summary>
    private static string RandomText(int seed, int runes, int limit)
    {
        var random = new Random(seed);
        return string.Concat(Enumerable.Range(0, runes).Select(_ => ((char)random.Next(limit)).ToString()));
    }
}
