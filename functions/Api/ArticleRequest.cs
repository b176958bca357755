namespace Serverless.Functions.Api;

/// <summary>An article as JSON. <see cref="ClassifyRequest"/> reads it field by field, to say exactly what is wrong; this is its form for the OpenAPI document.</summary>
/// <param name="Text">At most 1 MB of UTF-8.</param>
/// <param name="Id">Comes back with the answer; the SHA-256 of the text if there is none.</param>
/// <param name="Title">Read before the text.</param>
internal sealed record ArticleRequest(string Text, string? Id = null, string? Title = null);
