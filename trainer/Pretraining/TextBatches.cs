namespace Serverless.Trainer.Pretraining;

/// <summary>
/// The order of the training text: reshuffled in each epoch and split into batches of similar length, so that sequences of equal
/// length attend in one call. It is a function of the seed, so that a resumed training continues with the same batches.
/// </summary>
internal sealed class TextBatches(IReadOnlyList<int[]> sequences, int batchTokens, int seed)
{
    private const int SequencesPerMegaBatch = 4096;

    /// <summary>An infinite sequence of batches.</summary>
    public IEnumerable<int[][]> All()
    {
        for (var epoch = 0; ; epoch++)
        {
            var random = new Random(unchecked(seed * 7919 + epoch));
            var order = Enumerable.Range(0, sequences.Count).ToArray();
            random.Shuffle(order);
            foreach (var mega in order.Chunk(SequencesPerMegaBatch))
            {
                var batches = Cut(mega.Select(i => sequences[i]).OrderBy(sequence => sequence.Length), batchTokens).ToArray();
                random.Shuffle(batches);
                foreach (var batch in batches)
                {
                    yield return batch;
                }
            }
        }
    }

    /// <summary>Splits sequences into batches of about the same size, as close to <paramref name="tokens"/> tokens as possible.</summary>
    public static IEnumerable<int[][]> Divide(IReadOnlyList<int[]> sequences, int tokens)
    {
        var sum = sequences.Sum(sequence => sequence.Length);
        var batches = Math.Max(1, (int)Math.Round((double)sum / tokens));
        return Cut(sequences, (sum + batches - 1) / batches);
    }

    /// <summary>Splits sequences, in order, into batches of at least <paramref name="tokens"/> tokens.</summary>
    public static IEnumerable<int[][]> Cut(IEnumerable<int[]> sequences, int tokens)
    {
        var batch = new List<int[]>();
        var count = 0;
        foreach (var sequence in sequences)
        {
            batch.Add(sequence);
            count += sequence.Length;
            if (count >= tokens)
            {
                yield return [.. batch];
                batch.Clear();
                count = 0;
            }
        }

        if (batch.Count > 0)
        {
            yield return [.. batch];
        }
    }
}
