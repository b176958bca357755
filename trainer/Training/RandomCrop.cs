namespace Serverless.Trainer.Training;

/// <summary>
/// Of a share of the training articles only a part is read, another one in each pass: people also ask about a sentence or two, and
/// every part of an article should say what it is about. A function of seed and step, as <see cref="TokenDropout"/> is.
/// </summary>
internal sealed class RandomCrop(double share, int seed, int step)
{
    private const int MinTokens = 8;

    private readonly Random random = new(unchecked((seed * 15_485_863) + step));

    /// <summary>The first token, which begins the text, always stays.</summary>
    public int[] Apply(int[] ids)
    {
        if (ids.Length <= MinTokens + 1 || random.NextDouble() >= share)
        {
            return ids;
        }

        var length = random.Next(MinTokens, ids.Length);
        var start = random.Next(1, ids.Length - length + 1);
        return [ids[0], .. ids[start..(start + length)]];
    }
}
