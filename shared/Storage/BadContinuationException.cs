namespace Serverless.Storage;

/// <summary>A continuation that does not come from this list.</summary>
public sealed class BadContinuationException() : UserException("The 'continuation' does not come from this list: start without one.");
