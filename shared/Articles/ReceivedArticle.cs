using Azure.Storage.Queues.Models;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>An article as the queue delivered it, or a message that can never be classified.</summary>
/// <param name="Message">The message; its text may be in a blob.</param>
/// <param name="Classifier">The classifier's name.</param>
/// <param name="TextHash">SHA-256 of the text that is classified, or of the message as long as the text is not read.</param>
public sealed record ReceivedArticle(ArticleMessage Message, string Classifier, string TextHash)
{
    /// <summary>The text that is classified: the title, if there is one, and the text. Null if it is not read yet, or if it cannot be read.</summary>
    public string? Text { get; private init; }

    /// <summary>Why the article can never be classified, for its sender; null if it can.</summary>
    public string? Rejection { get; private init; }

    /// <summary>When the article was enqueued, before it was put off.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The number of this delivery: 1 for the first.</summary>
    public required long Attempt { get; init; }

    /// <summary>Whether the host moves the message to the poison queue if this attempt fails.</summary>
    public bool IsLastAttempt => Attempt >= ArticleLimits.Attempts;

    /// <summary>Whether an earlier delivery of the article may have ended after its result was written.</summary>
    public bool IsRedelivery => Attempt > 1 || Message.Deferred is not null || IsFromPoisonQueue;

    public bool IsFromPoisonQueue { get; init; }

    /// <summary>Identifies the article: two deliveries of it have the same key.</summary>
    public (string Classifier, string Id) Key => (Classifier, Message.Id);

    /// <param name="message">The message of the queue.</param>
    /// <param name="article">What it contains.</param>
    /// <param name="messageHash">SHA-256 of the message.</param>
    /// <param name="defaultClassifier">The classifier of an article that names none.</param>
    /// <param name="receivedAt">The present time.</param>
    public static ReceivedArticle From(
        QueueMessage message, ArticleMessage article, string messageHash, string defaultClassifier, DateTimeOffset receivedAt)
    {
        var insertedOn = message.InsertedOn ?? receivedAt;
        var received = new ReceivedArticle(article, article.Classifier ?? defaultClassifier, messageHash)
        {
            // A sender cannot make an article newer than its message.
            EnqueuedAt = article.Deferred is { } deferred && deferred.Since < insertedOn ? deferred.Since : insertedOn,
            ReceivedAt = receivedAt,
            Attempt = message.DequeueCount,
        };
        return article.Text is { } text ? received.WithText(text) : received;
    }

    /// <param name="text">The article's text, without its title.</param>
    public ReceivedArticle WithText(string text)
    {
        var full = Message.WithTitle(text);
        return this with { Text = full, TextHash = Sha256Hex.HashText(full) };
    }

    public ReceivedArticle Reject(string reason) => this with { Rejection = reason };

    public ClassificationResult ToResult(ClassificationStatus status, DateTimeOffset? insertedOn, DateTimeOffset completedAt, string? reason = null) => new()
    {
        Id = Message.Id,
        Classifier = Classifier,
        Status = status,
        Reason = reason,
        Title = Message.Title,
        Source = Message.Source,
        TextHash = TextHash,
        InsertedOn = insertedOn,
        CompletedAt = completedAt,
    };
}
