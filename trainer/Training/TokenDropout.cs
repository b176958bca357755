namespace Serverless.Trainer.Training;

/// <summary>
/// Drops random tokens of a training article, different ones in each epoch, so that a small model does not memorise the rows.
/// A function of seed and step, so that a resumed training drops the same tokens.
/// </summary>
internal sealed class TokenDropout(double share, int seed, int step)
{
    private readonly Random random = new(unchecked((seed * 104_729) + step));

    /// <summary>Keeps the first token (begin of text).</summary>
    public int[] Apply(int[] ids) => share == 0 ? ids : [ids[0], .. ids[1..].Where(_ => random.NextDouble() >= share)];
}
