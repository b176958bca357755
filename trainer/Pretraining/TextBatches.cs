namespace Serverless.Trainer.Pretraining;

/// <summary>
/// The order of the text: shuffled anew for each pass, cut into batches of neighbours in length, so that attention runs
/// on long runs of equal lengths. It depends on the seed alone, so a resumed training sees what it would have seen.
/// </summary>
internal sealed class TextBatches(IReadOnlyList<int[]> sequences, int batchTokens, int seed)
{
    private const int SequencesPerMegaBatch = 4096;

    /// <summary>Endless.</summary>
    public IEnumerable<int[][]> All()
    {
        for (var pass = 0; ; pass++)
        {
            var random = new Random(unchecked(seed * 7919 + pass));
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

    /// <summary>As many batches as come closest to <paramref name="tokens"/> each, all of about the same size.</summary>
    public static IEnumerable<int[][]> Divide(IReadOnlyList<int[]> sequences, int tokens)
    {
        var sum = sequences.Sum(sequence => sequence.Length);
        var batches = Math.Max(1, (int)Math.Round((double)sum / tokens));
        return Cut(sequences, (sum + batches - 1) / batches);
    }

    /// <summary>Neighbours, until each batch has about <paramref name="tokens"/>.</summary>
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
