namespace Serverless.Functions.Api;

/// <summary>The response of <c>GET models</c>.</summary>
/// <param name="Classifiers">The names of the classifiers that have a version.</param>
public sealed record ModelsResponse(IReadOnlyList<string> Classifiers);
