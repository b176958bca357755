namespace Serverless.Articles;

/// <summary>Says of a message that it was put off, because it could not be processed before through no fault of its own.</summary>
/// <param name="Since">When the article was first enqueued; it decides which of two texts of an article is newer.</param>
/// <param name="Times">How often the message was put off in a row.</param>
public sealed record Deferral(DateTimeOffset Since, int Times);
