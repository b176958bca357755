
using Serverless.Llama.Tokenizer;

namespace Serverless.Serving;

/// <summary>A text that waits for its forward pass.</summary>
internal sealed class PendingText(
    ServedClassifier classifier, string text, TokenizedText tokens, int maxTokens, long enteredAt, CancellationToken cancellationToken)
{
    // Continuations run elsewhere: the model's thread has the next batch to compute.
    private readonly TaskCompletionSource<Classification> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ServedClassifier Classifier { get; } = classifier;

    public string Text { get; } = text;

    public TokenizedText Tokens { get; } = tokens;

    /// <summary>What <see cref="Tokens"/> were limited to.</summary>
    public int MaxTokens { get; } = maxTokens;

    /// <summary>The time provider's timestamp when the question came in.</summary>
    public long EnteredAt { get; } = enteredAt;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    public Task<Classification> Completion => completion.Task;

    public void Complete(Classification classification) => completion.TrySetResult(classification);

    public void Fail(Exception exception) => completion.TrySetException(exception);

    public void Cancel() => completion.TrySetCanceled(CancellationToken);
}
