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
    public void Padding_rounds_up_the_number_of_tokens_and_changes_no_logit(int[] lengths, int padToMultipleOf)
    {
        using var scope = NewDisposeScope();
        using var weights = ToyTask.Weights();
        using var model = ToyTask.Model(weights, ToyTask.Options);
        int[][] sequences = [.. lengths.Select((length, row) => Enumerable.Range(row, length).ToArray())];
        using var bare = PackedBatch.Create(sequences, CPU);
        using var padded = PackedBatch.Create(sequences, CPU, padToMultipleOf);

        Assert.Equal((lengths.Sum() + padToMultipleOf - 1) / padToMultipleOf * padToMultipleOf, padded.Tokens);
        Assert.Equal(padded.Tokens - bare.Tokens, padded.Padding);
        Assert.True(allclose(model.Forward(bare), model.Forward(padded), rtol: 1e-5, atol: 1e-5));
    }
}
