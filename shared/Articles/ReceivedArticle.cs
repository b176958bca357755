using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>A queue message after parsing: an article with its text, or a rejection.</summary>
/// <param name="Message">The message as it was sent; its text may be in a blob.</param>
/// <param name="Classifier">The classifier's name.</param>
/// <param name="Text">The text that is classified: the title, if there is one, and the text.</param>
/// <param name="Reason">Why it cannot be classified; null if it can.</param>
internal sealed record ParsedArticle(ArticleMessage Message, string Classifier, string Text, string? Reason)
{
    /// <summary>SHA-256 of the text, or of the message if the text could not be read.</summary>
    public string TextHash { get; private init; } = Sha256Hex.OfText(Text);

    /// <summary>Identifies the article: two deliveries of it have the same key.</summary>
    public (string Classifier, string Id) Key => (Classifier, Message.Id);

    public static ParsedArticle Rejected(ArticleRejection rejection, string messageHash, string defaultClassifier) =>
        new(new ArticleMessage(rejection.Id), rejection.Classifier ?? defaultClassifier, "", rejection.Reason) { TextHash = messageHash };

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
