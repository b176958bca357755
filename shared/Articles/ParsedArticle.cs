
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>What a message was found to be.</summary>
/// <param name="Message">As it was sent; its text may lie in a blob.</param>
/// <param name="Classifier">The one that is asked.</param>
/// <param name="Text">What is classified: the title, if there is one, and the text.</param>
/// <param name="Reason">Why it can never be classified; null if it can.</param>
internal sealed record ParsedArticle(ArticleMessage Message, string Classifier, string Text, string? Reason)
{
    /// <summary>SHA-256 of the text; of the message where no text could be had.</summary>
    public string TextHash { get; private init; } = Sha256Hex.OfText(Text);

    /// <summary>The same article: what comes twice has the same key.</summary>
    public (string Classifier, string Id) Key => (Classifier, Message.Id);

    public static ParsedArticle Rejected(ArticleRejection rejection, string messageHash, string defaultClassifier) =>
        new(new ArticleMessage(rejection.Id), rejection.Classifier ?? defaultClassifier, "", rejection.Reason) { TextHash = messageHash };

    public ClassificationResult Result(ClassificationStatus status, DateTimeOffset? insertedOn, DateTimeOffset completedAt, string? reason = null) => new()
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
