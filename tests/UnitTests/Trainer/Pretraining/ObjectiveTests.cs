using Serverless.Llama;
using Serverless.Trainer.Pretraining;
using Serverless.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Pretraining;

/// <summary>The two losses that pretraining goes down, whose gradients are written by hand.</summary>
public sealed class ObjectiveTests
{
    private const int Vocabulary = 40;
    private const int Hidden = 8;

    private static readonly double[] Frequencies = [.. Enumerable.Range(1, Vocabulary).Select(rank => 1.0 / rank / Enumerable.Range(1, Vocabulary).Sum(i => 1.0 / i))];

    [Fact]
    public void Over_the_whole_vocabulary_the_head_computes_plain_cross_entropy()
    {
        using var scope = NewDisposeScope();
        var (hidden, embedding, targets) = Problem(rows: 600);
        var expected = nn.functional.cross_entropy(hidden.matmul(embedding.t()), tensor(targets).to(int64));
        expected.backward();
        var embeddingGradient = zeros_like(embedding);

        var (loss, gradient) = LanguageModelHead.Backward(
            hidden.detach(), embedding.detach(), embeddingGradient, new CandidateTokens(Frequencies, Vocabulary).For(targets, new Random(1)), rowsInStep: 600);

        Assert.Equal(expected.item<float>(), loss / 600, 1e-5);
        Assert.True(allclose(hidden.grad!, gradient, 1e-4, 1e-6));
        Assert.True(allclose(embedding.grad!, embeddingGradient, 1e-4, 1e-6));
    }

    [Fact]
    public void Over_drawn_candidates_the_head_has_nearly_the_same_loss_and_gradients_on_average()
    {
        using var scope = NewDisposeScope();
        var (hidden, embedding, targets) = Problem(rows: 20);
        var expected = nn.functional.cross_entropy(hidden.matmul(embedding.t()), tensor(targets).to(int64));
        expected.backward();
        var (candidates, random) = (new CandidateTokens(Frequencies, drawn: 25), new Random(1));
        var (loss, gradient, embeddingGradient) = (0.0, zeros_like(hidden), zeros_like(embedding));
        const int Draws = 400;

        for (var draw = 0; draw < Draws; draw++)
        {
            var (sum, part) = LanguageModelHead.Backward(hidden.detach(), embedding.detach(), embeddingGradient, candidates.For(targets, random), 20 * Draws);
            loss += sum;
            gradient.add_(part);
        }

        // The sum of the exponentials is unbiased; its logarithm is a little low (Jensen), the more the fewer are drawn.
        Assert.Equal(expected.item<float>(), loss / 20 / Draws, 0.05 * expected.item<float>());
        Assert.True(Cosine(hidden.grad!, gradient) > 0.98);
        Assert.True(Cosine(embedding.grad!, embeddingGradient) > 0.98);
    }

    [Fact]
    public void Every_target_is_a_candidate_and_stands_where_it_is_said_to()
    {
        int[] targets = [39, 0, 38, 39];

        var draw = new CandidateTokens(Frequencies, drawn: 2).For(targets, new Random(1));

        Assert.Equal(targets, draw.Targets.Select(place => (int)draw.Ids[place]));
        Assert.InRange(draw.Ids.Length, 3, 12);
        Assert.All(draw.Corrections, correction => Assert.True(correction >= 0));
    }

    [Fact]
    public void Prefixes_of_a_document_foretell_the_words_of_all_of_it()
    {
        using var scope = NewDisposeScope();
        int[][] sequences = [[38, 3, 4, 4, 39], [38, .. Enumerable.Range(5, 17), 39]]; // 5 and 19 tokens: prefixes of 5, and of 3 and 19
        using var batch = PackedBatch.Create(sequences, CPU, padToMultipleOf: 32); // filler belongs to no document
        using var bagOfWords = new BagOfWords(Frequencies, Hidden, weight: 0.5);
        var (states, embedding, _) = Problem(batch.Tokens);
        var importance = Frequencies.Select((frequency, token) => token >= 38 ? 0 : Math.Min(1, Math.Sqrt(1e-4 / frequency))).ToArray();
        var bags = stack([Bag(sequences[0], importance), Bag(sequences[1], importance), Bag(sequences[1], importance)]);
        var expected = 0.5 * nn.functional.cross_entropy(states.index_select(0, tensor(new long[] { 4, 7, 23 })).matmul(embedding.t()), bags);
        expected.backward();
        var leaf = states.detach().clone().requires_grad_(true);
        var embeddingGradient = zeros_like(embedding);

        var gradients = new GradientAccumulator([bagOfWords.Projection]);
        bagOfWords.Backward(leaf, batch, embedding.detach(), gradients, embeddingGradient, BagOfWords.Rows(sequences));

        Assert.Equal(3, BagOfWords.Rows(sequences));
        Assert.True(allclose(states.grad!, leaf.grad!, 1e-4, 1e-6));
        Assert.True(allclose(embedding.grad!, embeddingGradient, 1e-4, 1e-6));
        Assert.NotEqual(0, gradients[bagOfWords.Projection].abs().sum().item<float>());
    }

    private static (Tensor Hidden, Tensor Embedding, int[] Targets) Problem(int rows)
    {
        using var generator = new Generator(7);
        var random = new Random(7);
        return (randn(rows, Hidden, generator: generator).requires_grad_(true),
            (0.7 * randn(Vocabulary, Hidden, generator: generator)).detach().requires_grad_(true),
            [.. Enumerable.Range(0, rows).Select(_ => Array.FindIndex(Cumulative, share => share > random.NextDouble() * 0.999))]);
    }

    private static readonly double[] Cumulative = [.. Frequencies.Select((_, token) => Frequencies[..(token + 1)].Sum())];

    private static Tensor Bag(int[] sequence, double[] importance)
    {
        var bag = new float[Vocabulary];
        foreach (var token in sequence)
        {
            bag[token] += (float)importance[token];
        }

        return tensor(bag.Select(value => value / bag.Sum()).ToArray());
    }

    private static double Cosine(Tensor one, Tensor other) =>
        nn.functional.cosine_similarity(one.flatten(), other.flatten(), 0).item<float>();
}
