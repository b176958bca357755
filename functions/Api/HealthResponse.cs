using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>The response of <c>GET health</c>.</summary>
/// <param name="State">Whether a model is loaded.</param>
/// <param name="Healthy">False only after a failed load.</param>
public sealed record HealthResponse(ModelState State, bool Healthy);
