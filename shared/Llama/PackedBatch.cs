using static TorchSharp.torch;

namespace Serverless.Llama;

/// <summary>
/// Sequences of token ids laid end to end, without padding. Inside, they are sorted by length, so that attention can
/// take each run of equal lengths in one call; every other layer sees one long row of tokens.
/// </summary>
public sealed class PackedBatch : IDisposable
{
    private PackedBatch(Tensor ids, Tensor positions, Tensor last, Tensor order, IReadOnlyList<(int Count, int Length)> runs, int longest)
    {
        (Ids, Positions, LastTokens, Order, Runs, Longest) = (ids, positions, last, order, runs, longest);
    }

    /// <summary>Token ids, <c>[tokens]</c>.</summary>
    public Tensor Ids { get; }

    /// <summary>Position of each token in its own sequence, <c>[tokens]</c>.</summary>
    public Tensor Positions { get; }

    /// <summary>Index of each sequence's last token, <c>[sequences]</c>: the one that the classification head reads.</summary>
    public Tensor LastTokens { get; }

    /// <summary>Where each given sequence stands inside, <c>[sequences]</c>: <c>rows.index_select(0, Order)</c> restores the given order.</summary>
    public Tensor Order { get; }

    /// <summary>How many sequences of which length follow each other.</summary>
    public IReadOnlyList<(int Count, int Length)> Runs { get; }

    /// <summary>Tokens at the end that belong to no sequence, and that no sequence sees.</summary>
    public int Padding => Tokens - Runs.Sum(run => run.Count * run.Length);

    /// <summary>Tokens of the longest sequence.</summary>
    public int Longest { get; }

    public int Tokens => (int)Ids.shape[0];

    public int Sequences => (int)LastTokens.shape[0];

    public Device Device => Ids.device;

    /// <param name="sequences">At least one; none empty.</param>
    /// <param name="device">Where the tensors go.</param>
    /// <param name="padToMultipleOf">Filler makes the number of tokens a multiple of this: shapes come back, and with them the kernels compiled for them.</param>
    public static PackedBatch Create(IReadOnlyList<int[]> sequences, Device device, int padToMultipleOf = 1)
    {
        if (sequences.Count == 0 || sequences.Any(sequence => sequence.Length == 0))
        {
            throw new ArgumentException("A batch needs at least one sequence, and each sequence at least one token.", nameof(sequences));
        }

        var sorted = Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ToArray(); // a stable sort
        var tokens = (sequences.Sum(sequence => sequence.Length) + padToMultipleOf - 1) / padToMultipleOf * padToMultipleOf;
        var (ids, positions) = (new int[tokens], new int[tokens]);
        var (last, order) = (new long[sequences.Count], new long[sequences.Count]);
        var runs = new List<(int Count, int Length)>();
        var start = 0;
        for (var row = 0; row < sorted.Length; row++)
        {
            var sequence = sequences[sorted[row]];
            sequence.CopyTo(ids, start);
            for (var i = 0; i < sequence.Length; i++)
            {
                positions[start + i] = i;
            }

            start += sequence.Length;
            last[row] = start - 1;
            order[sorted[row]] = row;
            if (runs.Count > 0 && runs[^1].Length == sequence.Length)
            {
                runs[^1] = (runs[^1].Count + 1, sequence.Length);
            }
            else
            {
                runs.Add((1, sequence.Length));
            }
        }

        return new PackedBatch(
            tensor(ids, device: device).DetachFromDisposeScope(),
            tensor(positions, device: device).DetachFromDisposeScope(),
            tensor(last, device: device).DetachFromDisposeScope(),
            tensor(order, device: device).DetachFromDisposeScope(),
            runs,
            runs[^1].Length);
    }

    public void Dispose()
    {
        Ids.Dispose();
        Positions.Dispose();
        LastTokens.Dispose();
        Order.Dispose();
    }
}
