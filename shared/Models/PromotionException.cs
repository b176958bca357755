namespace Serverless.Models;

/// <summary>A version was not promoted; the message says why.</summary>
public sealed class PromotionException(string message) : UserException(message);
