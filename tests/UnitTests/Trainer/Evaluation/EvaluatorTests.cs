using Serverless.Llama;
using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Trainer.Evaluation;

public sealed class EvaluatorTests
{
    private static readonly int[][] Sequences = [.. Enumerable.Range(0, 25).Select(row => Enumerable.Repeat(row, 1 + (row * 7 % 5)).ToArray())];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void An_evaluation_that_memory_is_not_enough_for_goes_on_in_smaller_passes()
    {
        using var log = new StringWriter();
        var evaluator = new Evaluator(batch => FirstIds(batch, fits: 3), CPU, batchSize: 16, log);

        var logits = evaluator.Logits(Sequences, CancellationToken);

        Assert.Equal(Enumerable.Range(0, 25).Select(row => (float)row), logits.Select(row => row.Single()));
        Assert.Equal(3, log.ToString().Split("Out of memory in an evaluation").Length - 1); // 8, 4, 2
    }

    [Fact]
    public void An_article_that_does_not_fit_by_itself_ends_it_with_what_to_change()
    {
        var evaluator = new Evaluator(batch => FirstIds(batch, fits: 0), CPU, batchSize: 4, TextWriter.Null);

        var end = Assert.Throws<MemoryExhaustedException>(() => evaluator.Logits(Sequences, CancellationToken));

        Assert.Contains("--max-length", end.Message, StringComparison.Ordinal);
    }

    /// <summary>Stands for a model: one number for each sequence. Too many of them end as in libtorch, by asking it for an exabyte.</summary>
    private static Tensor FirstIds(PackedBatch batch, int fits)
    {
        using var tooMuch = batch.Sequences > fits ? empty(1L << 60) : null;
        return batch.Ids.index_select(0, batch.LastTokens).to(float32).unsqueeze(1).index_select(0, batch.Order);
    }
}
