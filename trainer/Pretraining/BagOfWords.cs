using Serverless.Llama;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>
/// Auxiliary objective: predict the document's bag of words from the hidden state of each prefix. Like next-token prediction it
/// needs no labels. Next-token prediction learns grammar first and topics late; this objective learns topics at once, for a
/// twelfth of the cost. It has one projection matrix of its own, which is dropped after pretraining.
/// </summary>
internal sealed class BagOfWords : IDisposable
{
    private const int Stride = 16; // tokens between two prefixes; the whole document is a prefix too

    // Frequent words say little about a topic: they are weighted as word2vec subsamples them (Mikolov et al. 2013, arXiv:1310.4546).
    private const double FrequentFrom = 1e-4;

    private readonly Tensor importance; // [vocab], fp32
    private readonly double weight;

    /// <param name="frequencies">The frequency of each token in the text.</param>
    /// <param name="hiddenSize">The hidden size.</param>
    /// <param name="weight">The weight of this objective; next-token prediction has 1.</param>
    public BagOfWords(double[] frequencies, int hiddenSize, double weight)
    {
        this.weight = weight;
        importance = Importance(frequencies).DetachFromDisposeScope();
        Projection = eye(hiddenSize).requires_grad_(true).DetachFromDisposeScope(); // at first the same as the language model head
    }

    /// <summary><c>[hidden, hidden]</c>, fp32, trained.</summary>
    public Tensor Projection { get; }

    /// <summary>The number of prefixes in these sequences.</summary>
    public static int Rows(IEnumerable<int[]> sequences) => sequences.Sum(sequence => (sequence.Length - 1) / Stride + 1);

    /// <summary>Adds the gradients of the mean loss over the step's rows.</summary>
    /// <param name="states">The decoder's output, <c>[tokens, hidden]</c>: a leaf of the autograd graph.</param>
    /// <param name="batch">The tokens of the batch.</param>
    /// <param name="embedding">The tied embedding in the type of the matrix products, <c>[vocab, hidden]</c>.</param>
    /// <param name="gradients">The gradient of <see cref="Projection"/> is added here.</param>
    /// <param name="embeddingGradient">The gradient of the embedding is added here; <c>[vocab, hidden]</c>, fp32.</param>
    /// <param name="rowsInStep">All prefixes of the optimizer step, see <see cref="Rows"/>.</param>
    public void Backward(Tensor states, PackedBatch batch, Tensor embedding, GradientAccumulator gradients, Tensor embeddingGradient, int rowsInStep)
    {
        using var scope = NewDisposeScope();
        var (rows, sequences) = Prefixes(batch);
        var projection = Projection.detach().requires_grad_(true); // a leaf of this thread's own
        var read = nn.functional.linear(states.index_select(0, rows), projection).to(embedding.dtype);
        Tensor gradient;
        using (no_grad())
        {
            var bags = Bags(batch, embedding.shape[0]).index_select(0, sequences);
            var probabilities = read.matmul(embedding.t()).to(float32).softmax(-1); // [rows, vocab]
            gradient = probabilities.sub_(bags).mul_(weight / rowsInStep).to(embedding.dtype); // of cross-entropy with soft targets
            embeddingGradient.add_(gradient.t().matmul(read));
            gradient = gradient.matmul(embedding);
        }

        read.backward([gradient]);
        gradients[Projection].add_(projection.grad!);
    }

    public void Dispose()
    {
        importance.Dispose();
        Projection.Dispose();
    }

    /// <summary>The frequency of each token in its sequence, weighted by importance: <c>[sequences, vocab]</c>, rows of sum 1.</summary>
    private Tensor Bags(PackedBatch batch, long vocabulary)
    {
        var tokens = batch.Tokens - batch.Padding;
        var ids = batch.Ids.narrow(0, 0, tokens);
        var sequence = zeros(tokens, int64);
        sequence.index_fill_(0, batch.LastTokens.narrow(0, 0, batch.Sequences - 1) + 1, 1);
        var bags = zeros(batch.Sequences, vocabulary);
        bags.view(-1).index_add_(0, sequence.cumsum(0) * vocabulary + ids, importance.index_select(0, ids), alpha: 1);
        return bags.div_(bags.sum(1, keepdim: true).clamp_min_(1e-9));
    }

    /// <summary>The last token of each prefix, and the index of its sequence.</summary>
    private static (Tensor Rows, Tensor Sequences) Prefixes(PackedBatch batch)
    {
        var (rows, sequences) = (new List<long>(), new List<long>());
        var (start, sequence) = (0L, 0L);
        foreach (var length in batch.Runs.SelectMany(run => Enumerable.Repeat(run.Length, run.Count)))
        {
            for (var end = length - 1; end >= 0; end -= Stride)
            {
                rows.Add(start + end);
                sequences.Add(sequence);
            }

            start += length;
            sequence++;
        }

        return (tensor(rows), tensor(sequences));
    }

    private static Tensor Importance(double[] frequencies)
    {
        var special = frequencies.Length - 2; // begin-of-text and end-of-text have the last ids
        return tensor(frequencies.Select((frequency, token) =>
            token >= special || frequency == 0 ? 0f : (float)Math.Min(1, Math.Sqrt(FrequentFrom / frequency))).ToArray());
    }
}
