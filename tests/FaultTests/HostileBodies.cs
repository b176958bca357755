using System.Text;
using System.Text.Json;

namespace Serverless.FaultTests;

/// <summary>Generates message bodies of hostile or broken senders from a seed.</summary>
internal sealed class HostileBodies(int seed)
{
    private static readonly string[] Strings =
    [
        "", " ", "\0", "\u0001\u001f\u007f", "../../models/adapters/news/current.json", "..\\..\\results", "/etc/passwd", "%2e%2e%2f%00", "a/b/../../c", "#?/\\", "'; drop table classifications; --",
        "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "<|begin_of_text|><|eot_id|>", "<s></s><unk><pad>", "\uFEFF", "\u202Egpj.exe", "раураl", "ℌ𝔢𝔩𝔩𝔬", "e\u0301\u0301\u0301\u0301", "👩‍👩‍👧‍👦🏳️‍🌈", "\uFFFD\uFFFE",
        "NaN", "1e999", "-0", "null", "true", "[]", "{}", "0x7fffffffffffffff", "AAAA\r\nSet-Cookie: a=b", "con.json", ".", "..", "~", new('a', 1023), new('a', 1025), new('\u3042', 20_000),
    ];

    private static readonly string[] Fields = ["id", "text", "blob", "classifier", "title", "source", "Text", "__proto__", "$type", "é"];

    private readonly Random random = new(seed);

    /// <summary>A body of up to 40 KB, which fits into a queue message.</summary>
    public byte[] Body() => random.Next(10) switch
    {
        0 => Bytes(),
        1 => Encoding.UTF8.GetBytes(Strings[random.Next(Strings.Length)]),
        2 => Encoding.UTF8.GetBytes(Deep()),
        3 => Cut(Encoding.UTF8.GetBytes(Article())),
        4 => Flipped(Encoding.UTF8.GetBytes(Article())),
        _ => Encoding.UTF8.GetBytes(Article()),
    };

    /// <summary>A body with a very long text.</summary>
    public static byte[] Long(int megabytes) => Encoding.UTF8.GetBytes($$"""{"id":"long","text":"{{new string('a', megabytes << 20)}}"}""");

    private string Article()
    {
        var fields = Enumerable.Range(0, random.Next(1, 7)).Select(_ => $"{JsonSerializer.Serialize(Fields[random.Next(Fields.Length)])}:{Value()}");
        var text = random.Next(2) == 0 ? $",\"text\":{JsonSerializer.Serialize($"hostile {random.Next()}")}" : "";
        return $"{{\"id\":{(random.Next(3) == 0 ? Value() : JsonSerializer.Serialize($"hostile-{random.Next()}"))}{text},{string.Join(',', fields)}}}";
    }

    private string Value() => random.Next(9) switch
    {
        0 => "null",
        1 => "1e400",
        2 => new string('9', random.Next(1, 400)),
        3 => "[[[{}]]]",
        4 => "true",
        5 => "\"\\ud800\"",
        6 => "\"\\u0000\\u001b[2J\"",
        _ => JsonSerializer.Serialize(Strings[random.Next(Strings.Length)] + (random.Next(2) == 0 ? random.Next() : "")),
    };

    private string Deep()
    {
        var depth = random.Next(1, 10_000);
        return $"{{\"id\":\"deep\",\"text\":{new string('[', depth)}{(random.Next(2) == 0 ? new string(']', depth) : "")}}}";
    }

    private byte[] Bytes()
    {
        var bytes = new byte[random.Next(1, 4000)];
        random.NextBytes(bytes);
        return bytes;
    }

    private byte[] Cut(byte[] bytes) => bytes[..random.Next(1, bytes.Length)];

    private byte[] Flipped(byte[] bytes)
    {
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }
}
