namespace Serverless.Storage;

/// <summary>One page of a list.</summary>
/// <param name="Continuation">Requests the next page; null on the last one.</param>
public sealed record ListPage<T>(IReadOnlyList<T> Items, string? Continuation);
