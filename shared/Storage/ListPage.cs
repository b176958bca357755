namespace Serverless.Storage;

/// <summary>A part of a list that may be long.</summary>
/// <param name="Continuation">Asks for what follows; null at the end.</param>
public sealed record ListPage<T>(IReadOnlyList<T> Items, string? Continuation);

/// <summary>A continuation that this list never gave.</summary>
public sealed class BadContinuationException() : Exception("The 'continuation' is none that this list gave: begin without one.");
