namespace Serverless.Trainer.Pretraining;

/// <summary>
/// Sampled softmax (Jean et al. 2015, arXiv:1412.2007): the softmax of a micro-batch runs over its targets and a random sample of
/// the other tokens. Otherwise the logits of unlikely tokens would be most of a small model's work. Sampled tokens are weighted
/// by their inverse inclusion probability (Horvitz and Thompson 1952), so that the sum over the candidates is an unbiased
/// estimate of the sum over the vocabulary.
/// </summary>
/// <param name="frequencies">The frequency of each token in the text.</param>
/// <param name="drawn">The mean number of sampled tokens, besides the targets; the whole vocabulary if it has fewer.</param>
internal sealed class CandidateTokens(double[] frequencies, int drawn)
{
    private readonly double chance = Math.Min(1, (double)drawn / frequencies.Length);

    /// <param name="targets">The target tokens of the micro-batch.</param>
    /// <param name="random">The random number generator.</param>
    public Draw For(int[] targets, Random random)
    {
        var columns = new int[frequencies.Length]; // 1 + the candidate's index; 0 if it is not a candidate
        foreach (var target in targets)
        {
            columns[target] = 1;
        }

        var (ids, corrections) = (new List<long>(), new List<float>());
        for (var token = 0; token < columns.Length; token++)
        {
            if (random.NextDouble() < chance || columns[token] > 0)
            {
                var absent = (1 - chance) * Math.Pow(1 - frequencies[token], targets.Length);
                ids.Add(token);
                corrections.Add((float)-Math.Log(1 - absent));
                columns[token] = ids.Count;
            }
        }

        return new Draw([.. ids], [.. corrections], [.. targets.Select(target => (long)columns[target] - 1)]);
    }

    /// <summary>Computes the frequency of each token in a text.</summary>
    public static double[] Frequencies(IEnumerable<int[]> text, int vocabulary)
    {
        var counts = new double[vocabulary];
        foreach (var token in text.SelectMany(sequence => sequence))
        {
            counts[token]++;
        }

        var total = counts.Sum();
        return [.. counts.Select(count => count / total)];
    }

    /// <param name="Ids">The candidate tokens, ascending.</param>
    /// <param name="Corrections">Added to a candidate's logit in rows of which it is not the target.</param>
    /// <param name="Targets">The index of each target among the candidates.</param>
    internal sealed record Draw(long[] Ids, float[] Corrections, long[] Targets);
}
