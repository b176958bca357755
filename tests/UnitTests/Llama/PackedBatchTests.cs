using Serverless.Llama;
using Serverless.UnitTests.Trainer.Training;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

public sealed class PackedBatchTests
{
    [Theory]
    [InlineData(new[] { 9, 3, 9, 4 }, 64)]
    [InlineData(new[] { 5, 5 }, 64)]
    [InlineData(new[] { 5, 5 }, 10)]
    public void Filler_makes_the_number_of_tokens_come_back_and_changes_no_logit(int[] lengths, int padToMultipleOf)
    {
        using var scope = NewDisposeScope();
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        int[][] sequences = [.. lengths.Select((length, row) => Enumerable.Range(row, length).ToArray())];
        using var bare = PackedBatch.Create(sequences, CPU);
        using var filled = PackedBatch.Create(sequences, CPU, padToMultipleOf);

        Assert.Equal((lengths.Sum() + padToMultipleOf - 1) / padToMultipleOf * padToMultipleOf, filled.Tokens);
        Assert.Equal(filled.Tokens - bare.Tokens, filled.Padding);
        Assert.True(allclose(model.Forward(bare), model.Forward(filled), rtol: 1e-5, atol: 1e-5));
    }
}
