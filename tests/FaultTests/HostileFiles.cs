using System.Text;

namespace Serverless.FaultTests;

/// <summary>A data set file that is malformed or malicious.</summary>
internal sealed record HostileFile(string Name, string Extension, Func<BinaryData> Content);

internal static class HostileFiles
{
    private const string Good = "text,label\nThe cup final,Sports\nThe cup quarter final,Sports\nShares fell again,Business\nShares rose again,Business\n";

    /// <param name="seed">The seed of the damage.</param>
    /// <param name="damaged">The number of damaged copies of valid files, in addition to the listed files.</param>
    public static IReadOnlyList<HostileFile> All(int seed, int damaged)
    {
        var random = new Random(seed);
        return [.. Listed(), .. Enumerable.Range(0, damaged).Select(_ => random.Next()).Select(number => new HostileFile("damaged copy", number % 2 == 0 ? "csv" : "jsonl", () => Damaged(number)))];
    }

    private static IEnumerable<HostileFile> Listed() =>
    [
        Text("unbalanced quotes", "csv", Good + "\"never closed,Sports\n" + Good),
        new("a line of 100 MB", "csv", () => BinaryData.FromString($"{Good}{new string('a', 100 << 20)},Sports\n")),
        new("mixed encodings", "csv", () => BinaryData.FromBytes([.. Encoding.UTF8.GetBytes(Good), .. Encoding.Latin1.GetBytes("caf\u00e9,Sports\n"), .. Encoding.Unicode.GetBytes("abc,Sports\n")])),
        new("a million rows of one word", "csv", () => BinaryData.FromString("text,label\n" + string.Concat(Enumerable.Range(0, 1_000_000).Select(row => $"word,{row % 2}\n")))),
        Text("as many labels as rows", "csv", "text,label\n" + string.Concat(Enumerable.Range(0, 5000).Select(row => $"word {row},label {row}\n"))),
        Text("deep JSON", "jsonl", $"{{\"text\":{new string('[', 100_000)}\n"),
        Text("numbers and nulls", "jsonl", "{\"text\":1e999,\"label\":null}\n{\"text\":null,\"label\":[]}\n"),
        Text("nothing but quotes", "csv", new string('"', 100_000)),
        Text("control characters", "csv", Good + "\u0000\u0001\u001b[2J,Sports\n"),
        Text("no rows", "csv", ""),
        Text("labels with paths", "csv", Good.Replace("Sports", "../../Sports", StringComparison.Ordinal)),
    ];

    private static HostileFile Text(string name, string ending, string content) => new(name, ending, () => BinaryData.FromString(content));

    private static BinaryData Damaged(int number)
    {
        var random = new Random(number);
        var valid = Encoding.UTF8.GetBytes(number % 2 == 0
            ? Good
            : "{\"text\":\"The cup final\",\"label\":\"Sports\"}\n{\"text\":\"Shares fell again\",\"label\":\"Business\"}\n");
        for (var damage = random.Next(1, 20); damage > 0; damage--)
        {
            valid[random.Next(valid.Length)] = (byte)random.Next(256);
        }

        return BinaryData.FromBytes(valid);
    }
}
