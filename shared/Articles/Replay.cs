namespace Serverless.Articles;

/// <summary>The outcome of a replay of failed articles.</summary>
/// <param name="Replayed">The number of articles that were sent to the queue again.</param>
/// <param name="More">Whether the classifier has more failed articles.</param>
public sealed record Replay(string Classifier, int Replayed, bool More);
