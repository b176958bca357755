using Serverless.Llama.Tokenizer;

namespace Serverless.Serving;

/// <summary>A text that waits for its forward pass.</summary>
/// <param name="classifier">The classifier that computes it.</param>
/// <param name="text">The text, in case another version must encode it again.</param>
/// <param name="tokens">The encoded text.</param>
/// <param name="maxTokens">What <paramref name="tokens"/> were limited to.</param>
/// <param name="enqueuedAt">The time provider's timestamp when the request arrived.</param>
/// <param name="cancellationToken">Removes the request from the queue.</param>
internal sealed class InferenceRequest(
    ClassifierState classifier, string text, TokenizedText tokens, int maxTokens, long enqueuedAt, CancellationToken cancellationToken)
{
    // Continuations run elsewhere: the inference thread has the next batch to compute.
    private readonly TaskCompletionSource<Prediction> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClassifierState Classifier { get; } = classifier;

    public string Text { get; } = text;

    public TokenizedText Tokens { get; } = tokens;

    public int MaxTokens { get; } = maxTokens;

    public long EnqueuedAt { get; } = enqueuedAt;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    public Task<Prediction> Completion => completion.Task;

    public void Complete(Prediction prediction) => completion.TrySetResult(prediction);

    public void Fail(Exception exception) => completion.TrySetException(exception);

    public void Cancel() => completion.TrySetCanceled(CancellationToken);
}
