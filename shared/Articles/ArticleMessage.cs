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
    /// <summary>The text itself; null when <see cref="Blob"/> names where it lies.</summary>
    public string? Text { get; init; }

    /// <summary>The name of a blob in the container <c>articles</c>; null when <see cref="Text"/> is here.</summary>
    public string? Blob { get; init; }

    /// <summary>Which classifier is asked; null for the default one.</summary>
    public string? Classifier { get; init; }

    public string? Title { get; init; }

    public string? Source { get; init; }

    /// <summary>The message as JSON, before Base64.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StorageJson.Options);

    /// <summary>What is classified: the title, if there is one, and the text, joined as AG News joins them.</summary>
    public string WithTitle(string text) => string.IsNullOrWhiteSpace(Title) ? text : $"{Title.Trim()} {text}";

    /// <summary>Reads a message body. Nothing is thrown for what a sender may have written: a bad body comes back as a rejection.</summary>
    public static bool TryParse(string body, [NotNullWhen(true)] out ArticleMessage? article, [NotNullWhen(false)] out ArticleRejection? rejection)
    {
        article = null;
        rejection = null;
        if (body.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("{"))
        {
            rejection = ArticleJson.Read(body, out article);
        }
        else if (ArticleLimits.Reject(body) is { } reason)
        {
            rejection = new ArticleRejection(Sha256Hex.OfText(body), reason);
        }
        else
        {
            article = new ArticleMessage(Sha256Hex.OfText(body)) { Text = body };
        }

        return rejection is null;
    }
}

/// <summary>A message that can never be classified.</summary>
/// <param name="Id">The article's id where it could be read, else the SHA-256 of the raw message.</param>
/// <param name="Reason">One sentence for the sender.</param>
public sealed record ArticleRejection(string Id, string Reason)
{
    /// <summary>The classifier that was asked, where it could be read and is a valid name; null for the default one.</summary>
    public string? Classifier { get; init; }
}
