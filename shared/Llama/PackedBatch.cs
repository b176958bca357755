using static TorchSharp.torch;

namespace Serverless.Llama;

/// <summary>
/// Sequences of token ids, concatenated without padding between them. They are sorted by length, so that attention can process each run of
/// equal lengths in one call; all other layers process one long row of tokens.
/// </summary>
public sealed class PackedBatch : IDisposable
{
    private PackedBatch(Tensor ids, Tensor positions, Tensor lastTokens, Tensor order, IReadOnlyList<(int Count, int Length)> runs)
    {
        Ids = ids;
        Positions = positions;
        LastTokens = lastTokens;
        Order = order;
        Runs = runs;
    }

    /// <summary>Token ids, <c>[tokens]</c>.</summary>
    public Tensor Ids { get; }

    /// <summary>Position of each token in its sequence, from 0, <c>[tokens]</c>.</summary>
    public Tensor Positions { get; }

    /// <summary>Index of each sequence's last token, <c>[sequences]</c>. The classification head reads this token.</summary>
    public Tensor LastTokens { get; }

    /// <summary>Sorted index of each sequence, <c>[sequences]</c>: <c>rows.index_select(0, Order)</c> restores the original order.</summary>
    public Tensor Order { get; }

    /// <summary>Runs of sequences of equal length, in sorted order: the number of sequences and their length in tokens.</summary>
    public IReadOnlyList<(int Count, int Length)> Runs { get; }

    /// <summary>Number of padding tokens at the end. No sequence attends to them.</summary>
    public int Padding => Tokens - Runs.Sum(run => run.Count * run.Length);

    public int Tokens => (int)Ids.shape[0];

    public int Sequences => (int)LastTokens.shape[0];

    public Device Device => Ids.device;

    /// <param name="sequences">At least one sequence, each of at least one token.</param>
    /// <param name="device">Device of the tensors.</param>
    /// <param name="padToMultipleOf">Pads the number of tokens to a multiple of this, so that shapes recur and compiled kernels are reused.</param>
    /// <exception cref="ArgumentException">There is no sequence, or a sequence is empty.</exception>
    public static PackedBatch Create(IReadOnlyList<int[]> sequences, Device device, int padToMultipleOf = 1)
    {
        if (sequences.Count == 0 || sequences.Any(sequence => sequence.Length == 0))
        {
            throw new ArgumentException("A batch needs at least one sequence, and each sequence needs at least one token.", nameof(sequences));
        }

        var sorted = Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ToArray(); // a stable sort
        var tokens = (sequences.Sum(sequence => sequence.Length) + padToMultipleOf - 1) / padToMultipleOf * padToMultipleOf;
        var (ids, positions) = (new int[tokens], new int[tokens]);
        var (lastTokens, order) = (new long[sequences.Count], new long[sequences.Count]);
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
            lastTokens[row] = start - 1;
            order[sorted[row]] = row;
        }

        return new PackedBatch(
            tensor(ids, device: device).DetachFromDisposeScope(),
            tensor(positions, device: device).DetachFromDisposeScope(),
            tensor(lastTokens, device: device).DetachFromDisposeScope(),
            tensor(order, device: device).DetachFromDisposeScope(),
            FindRuns(sorted.Select(row => sequences[row].Length)));
    }

    public void Dispose()
    {
        Ids.Dispose();
        Positions.Dispose();
        LastTokens.Dispose();
        Order.Dispose();
    }

    /// <param name="lengths">Lengths of the sequences, in sorted order.</param>
    private static List<(int Count, int Length)> FindRuns(IEnumerable<int> lengths)
    {
        var runs = new List<(int Count, int Length)>();
        foreach (var length in lengths)
        {
            if (runs.Count > 0 && runs[^1].Length == length)
            {
                runs[^1] = (runs[^1].Count + 1, length);
            }
            else
            {
                runs.Add((1, length));
            }
        }

        return runs;
    }
}
