using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>
/// Next-token cross-entropy over the tied embedding. Loss and gradient are computed together, a slice of rows at a time:
/// the logits of a whole batch (tokens × vocabulary) would not fit the cache, and would be written and read six times.
/// </summary>
internal static class LanguageModelHead
{
    private const int RowsPerSlice = 128; // 128 × 12,000 × 4 bytes = 6 MB: stays in the last-level cache

    /// <param name="hidden">Hidden states, <c>[rows, hidden]</c>, on the autograd graph.</param>
    /// <param name="embedding">The tied embedding in the type of the matrix products, <c>[vocab, hidden]</c>.</param>
    /// <param name="embeddingGradient">Added to; transposed, <c>[hidden, vocab]</c>, fp32.</param>
    /// <param name="targets">The token that follows each row, <c>[rows]</c>.</param>
    /// <param name="rowsInStep">What the gradient is divided by: all rows of the optimizer step.</param>
    /// <returns>The sum of the losses over the rows.</returns>
    public static double Backward(Tensor hidden, Tensor embedding, Tensor embeddingGradient, Tensor targets, long rowsInStep)
    {
        using var scope = NewDisposeScope();
        var rows = hidden.detach().to(embedding.dtype);
        var gradient = empty(rows.shape[0], embedding.shape[0], embedding.dtype); // d loss / d logits
        var total = 0.0;
        using (no_grad())
        {
            for (var start = 0L; start < rows.shape[0]; start += RowsPerSlice)
            {
                using var slice = NewDisposeScope();
                var count = Math.Min(RowsPerSlice, rows.shape[0] - start);
                var target = targets.narrow(0, start, count).to(int64).unsqueeze(1);
                var probabilities = rows.narrow(0, start, count).matmul(embedding.t()).to(float32).softmax(-1); // [count, vocab]
                var chosen = probabilities.gather(1, target);
                total -= chosen.log().sum().item<float>();
                probabilities.scatter_(1, target, chosen - 1); // softmax − one-hot
                gradient.narrow(0, start, count).copy_(probabilities);
            }

            var scale = 1.0 / rowsInStep;
            embeddingGradient.add_(rows.t().matmul(gradient), alpha: scale);
            gradient = gradient.matmul(embedding).to(hidden.dtype).mul_(scale); // d loss / d hidden
        }

        hidden.backward([gradient]);
        return total;
    }

    /// <summary>The sum of the losses over the rows, without gradients.</summary>
    public static double Loss(Tensor hidden, Tensor embedding, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var rows = hidden.to(embedding.dtype);
        var total = 0.0;
        for (var start = 0L; start < rows.shape[0]; start += RowsPerSlice)
        {
            using var slice = NewDisposeScope();
            var count = Math.Min(RowsPerSlice, rows.shape[0] - start);
            var logits = rows.narrow(0, start, count).matmul(embedding.t()).to(float32);
            total += nn.functional.cross_entropy(logits, targets.narrow(0, start, count).to(int64), reduction: nn.Reduction.Sum).item<float>();
        }

        return total;
    }
}
