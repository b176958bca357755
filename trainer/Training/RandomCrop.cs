namespace Serverless.Trainer.Training;

/// <summary>
/// Random-crop augmentation: with the given probability, a training article is cropped to a random contiguous span. Short texts are
/// classified too, and each part of an article should be enough to predict its topic. A function of seed and step, like
/// <see cref="TokenDropout"/>.
/// </summary>
internal sealed class RandomCrop(double share, int seed, int step)
{
    private const int MinTokens = 8;

    private readonly Random random = new(unchecked((seed * 15_485_863) + step));

    /// <summary>Keeps the first token (begin of text).</summary>
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
