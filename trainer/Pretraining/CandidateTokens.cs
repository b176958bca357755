namespace Serverless.Trainer.Pretraining;

/// <summary>
/// Which tokens a pass's softmax runs over: the targets of the pass, and others drawn at random. Most of a small model's work
/// would otherwise be the logits of words that nobody expects. A candidate that stands in for the words that were not drawn
/// weighs as much more as it was unlikely to be there (Horvitz and Thompson 1952), so the sum over the candidates estimates
/// the sum over the vocabulary without bias; see Jean et al. 2015, arXiv:1412.2007, for the idea.
/// </summary>
/// <param name="frequencies">Share of each token in the text.</param>
/// <param name="drawn">How many tokens are drawn beside the targets, on average; the whole vocabulary if there are fewer.</param>
internal sealed class CandidateTokens(double[] frequencies, int drawn)
{
    private readonly double chance = Math.Min(1, (double)drawn / frequencies.Length);

    /// <param name="targets">The tokens to foretell in this pass.</param>
    /// <param name="random">Decides the draw.</param>
    public Draw For(int[] targets, Random random)
    {
        var columns = new int[frequencies.Length]; // 1 + the candidate's place; 0 for no candidate
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

    /// <summary>Shares of the tokens of a text.</summary>
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

    /// <param name="Ids">The candidates, ascending.</param>
    /// <param name="Corrections">What is added to a candidate's logit where it is not the target.</param>
    /// <param name="Targets">The place of each target among the candidates.</param>
    internal sealed record Draw(long[] Ids, float[] Corrections, long[] Targets);
}
