namespace Serverless.Trainer.Training;

/// <summary>
/// Leaves out tokens of a training article at random, other ones in each pass: a small model cannot learn rows by heart that
/// it never sees twice. A function of seed and step, so that a resumed training drops what it would have dropped.
/// </summary>
internal sealed class TokenDropout(double share, int seed, int step)
{
    private readonly Random random = new(unchecked((seed * 104_729) + step));

    /// <summary>The first token, which begins the text, always stays.</summary>
    public int[] Apply(int[] ids) => share == 0 ? ids : [ids[0], .. ids[1..].Where(_ => random.NextDouble() >= share)];
}
