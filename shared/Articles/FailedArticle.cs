namespace Serverless.Articles;

/// <summary>An article that failed on every attempt: a blob of the container <c>failed</c>.</summary>
/// <param name="Article">The message, so that it can be sent again.</param>
/// <param name="Classifier">The classifier's name.</param>
/// <param name="Reason">The last error.</param>
/// <param name="EnqueuedAt">When the article was enqueued; null if it is not known.</param>
/// <param name="FailedAt">When the last attempt began.</param>
public sealed record FailedArticle(ArticleMessage Article, string Classifier, string Reason, DateTimeOffset? EnqueuedAt, DateTimeOffset FailedAt);
