
using Serverless.Llama.Tokenizer;

namespace Serverless.Serving;

/// <summary>A text that waits for its forward pass.</summary>
internal sealed class InferenceRequest(
    ClassifierSlot classifier, string text, TokenizedText tokens, int maxTokens, long enteredAt, CancellationToken cancellationToken)
{
    // Continuations run elsewhere: the model's thread has the next batch to compute.
    private readonly TaskCompletionSource<Prediction> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClassifierSlot Classifier { get; } = classifier;

    public string Text { get; } = text;

    public TokenizedText Tokens { get; } = tokens;

    /// <summary>What <see cref="Tokens"/> were limited to.</summary>
    public int MaxTokens { get; } = maxTokens;

    /// <summary>The time provider's timestamp when the question came in.</summary>
    public long EnteredAt { get; } = enteredAt;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    public Task<Prediction> Completion => completion.Task;

    public void Complete(Prediction classification) => completion.TrySetResult(classification);

    public void Fail(Exception exception) => completion.TrySetException(exception);

    public void Cancel() => completion.TrySetCanceled(CancellationToken);
}
