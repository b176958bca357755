using System.Text;

namespace Serverless.UnitTests.Llama.Files;

/// <summary>Damaged copies of a file: the same seed and number give the same damage.</summary>
internal static class Mutations
{
    private static readonly string[] Values =
        ["-1", "0", "1e999", "-0.0", "1.5", "2147483648", "9223372036854775807", "18446744073709551616", "null", "true", "\"x\"", "[]", "{}", "\"\\ud800\""];

    /// <param name="original">A valid file.</param>
    /// <param name="interesting">Number of first bytes that matter most, where most damage is done.</param>
    /// <param name="number">Number of the damaged copy, the seed of its damage.</param>
    public static byte[] Mutate(byte[] original, int interesting, int number)
    {
        var random = new Random(unchecked((number * 7919) + 17));
        var bytes = original.ToList();
        for (var damage = random.Next(1, 4); damage > 0 && bytes.Count > 1; damage--)
        {
            Damage(bytes, random, Math.Min(random.Next(8) == 0 ? bytes.Count : interesting, bytes.Count));
        }

        return [.. bytes];
    }

    private static void Damage(List<byte> bytes, Random random, int limit)
    {
        var start = random.Next(limit);
        var length = Math.Min(random.Next(1, 1 << random.Next(1, 9)), bytes.Count - start);
        switch (random.Next(8))
        {
            case 0:
                bytes[start] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[start] = (byte)random.Next(256);
                break;
            case 2:
                bytes.InsertRange(start, Enumerable.Range(0, length).Select(_ => (byte)random.Next(256)));
                break;
            case 3:
                bytes.RemoveRange(start, length);
                break;
            case 4:
                bytes.RemoveRange(start, bytes.Count - start);
                break;
            case 5:
                bytes.InsertRange(random.Next(limit), bytes.GetRange(start, length));
                break;
            default:
                ReplaceNumber(bytes, random, start);
                break;
        }
    }

    private static void ReplaceNumber(List<byte> bytes, Random random, int start)
    {
        var first = bytes.FindIndex(start, value => value is >= (byte)'0' and <= (byte)'9');
        if (first < 0)
        {
            return;
        }

        var end = bytes.FindIndex(first, value => value is < (byte)'0' or > (byte)'9');
        bytes.RemoveRange(first, (end < 0 ? bytes.Count : end) - first);
        bytes.InsertRange(first, Encoding.ASCII.GetBytes(Values[random.Next(Values.Length)]));
    }
}
