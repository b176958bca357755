using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>
/// A message of the queue <c>articles</c>: <c>{"id":"…","text":"…"}</c>, or <c>{"id":"…","blob":"…"}</c> with a name inside
/// the container <c>articles</c>; optional <c>classifier</c>, <c>title</c> and <c>source</c>. Plain text is an article too.
/// </summary>
public sealed record ArticleMessage(string Id)
{
    /// <summary>The text; null if it is in a blob.</summary>
    public string? Text { get; init; }

    /// <summary>The name of a blob in the container <c>articles</c>; null if <see cref="Text"/> is set.</summary>
    public string? Blob { get; init; }

    /// <summary>The classifier's name; null for the default one.</summary>
    public string? Classifier { get; init; }

    public string? Title { get; init; }

    public string? Source { get; init; }

    /// <summary>Set when the message was put off; null in a message of a sender.</summary>
    public Deferral? Deferred { get; init; }

    /// <summary>The message as JSON, before Base64.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StorageJson.Options);

    /// <summary>The text that is classified: the title, if there is one, and the text, joined as in AG News.</summary>
    public string WithTitle(string text) => ArticleText.WithTitle(Title, text);

    /// <summary>Parses a message body. Never throws: a body that is not valid gives a rejection.</summary>
    public static bool TryParse(string body, [NotNullWhen(true)] out ArticleMessage? article, [NotNullWhen(false)] out ArticleRejection? rejection)
    {
        if (body.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("{"))
        {
            return ArticleJson.TryParse(body, out article, out rejection);
        }

        if (WrappedArticle.IsFound(body, out var reason) || !ArticleLimits.IsValid(body, out reason))
        {
            article = null;
            rejection = ArticleJson.Reject(body, reason);
            return false;
        }

        article = new ArticleMessage(Sha256Hex.HashText(body)) { Text = body };
        rejection = null;
        return true;
    }
}

/// <summary>A message that can never be classified.</summary>
/// <param name="Id">The article's id if it could be read, else the SHA-256 of the raw message.</param>
/// <param name="Reason">One sentence for the sender.</param>
public sealed record ArticleRejection(string Id, string Reason)
{
    /// <summary>The classifier's name if it could be read and is valid; null for the default one.</summary>
    public string? Classifier { get; init; }
}
