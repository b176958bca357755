using Serverless.Articles;

namespace Serverless.Functions.Api;

/// <summary>An article of <c>GET failed/{classifier}</c>.</summary>
/// <param name="Reason">The last error.</param>
/// <param name="EnqueuedAt">Null if it is not known, because the process ended in every attempt.</param>
public sealed record FailedArticleResponse(string Id, string? Title, string? Source, string Reason, DateTimeOffset? EnqueuedAt, DateTimeOffset FailedAt)
{
    public static FailedArticleResponse From(FailedArticle failed) =>
        new(failed.Article.Id, failed.Article.Title, failed.Article.Source, failed.Reason, failed.EnqueuedAt, failed.FailedAt);
}
