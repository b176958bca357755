using static TorchSharp.torch;

namespace Serverless.Trainer.Pretraining;

/// <summary>
/// Next-token cross-entropy with a tied embedding. Loss and gradient are computed together, one slice of rows at a time:
/// the logits of a whole batch would not fit into the cache and would be written and read six times.
/// </summary>
internal static class LanguageModelHead
{
    private const int RowsPerSlice = 256; // × about 2,000 candidates × 4 bytes = 2 MB

    /// <param name="hidden">Hidden states, <c>[rows, hidden]</c>.</param>
    /// <param name="embedding">The tied embedding in the type of the matrix products, <c>[vocab, hidden]</c>.</param>
    /// <param name="embeddingGradient">The gradient of the embedding is added here; <c>[vocab, hidden]</c>, fp32.</param>
    /// <param name="candidates">The tokens of the softmax, and the target of each row.</param>
    /// <param name="rowsInStep">The number of rows of the optimizer step, by which the gradient is divided.</param>
    /// <returns>The sum of the losses over the rows, and the gradient of the hidden states, <c>[rows, hidden]</c>.</returns>
    public static (double Loss, Tensor Gradient) Backward(
        Tensor hidden, Tensor embedding, Tensor embeddingGradient, CandidateTokens.Draw candidates, long rowsInStep)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var rows = hidden.to(embedding.dtype);
        var ids = tensor(candidates.Ids);
        var candidateEmbeddings = embedding.index_select(0, ids); // [candidates, hidden]
        var corrections = tensor(candidates.Corrections);
        var targets = tensor(candidates.Targets).unsqueeze(1);
        var gradient = empty(rows.shape[0], candidateEmbeddings.shape[0], embedding.dtype); // d loss / d logits
        var total = 0.0;
        for (var start = 0L; start < rows.shape[0]; start += RowsPerSlice)
        {
            using var slice = NewDisposeScope();
            var count = Math.Min(RowsPerSlice, rows.shape[0] - start);
            var target = targets.narrow(0, start, count);
            var logits = rows.narrow(0, start, count).matmul(candidateEmbeddings.t()).to(float32);
            var own = logits.gather(1, target);
            var probabilities = logits.add_(corrections).scatter_(1, target, own).softmax(-1); // [count, candidates]
            var chosen = probabilities.gather(1, target);
            total -= chosen.log().sum().item<float>();
            probabilities.scatter_(1, target, chosen - 1); // softmax − one-hot
            gradient.narrow(0, start, count).copy_(probabilities);
        }

        var scale = 1.0 / rowsInStep;
        embeddingGradient.index_add_(0, ids, gradient.t().matmul(rows).to(float32), alpha: scale);
        return (total, gradient.matmul(candidateEmbeddings).to(hidden.dtype).mul_(scale).MoveToOuterDisposeScope());
    }

    /// <summary>The sum of the losses over the rows and the whole vocabulary, without gradients.</summary>
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
