using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;

namespace Serverless.Functions.Api;

/// <summary>The OpenAPI document of the HTTP functions, made from their own attributes and types.</summary>
public sealed class OpenApi
{
    [Function(nameof(OpenApi))]
    [EndpointSummary("This document.")]
    [Answers(200, typeof(object))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "openapi.json")] HttpRequest request, CancellationToken cancellationToken) =>
        TypedResults.Text(await new ApiDocument(typeof(OpenApi).Assembly.GetExportedTypes()).ToJsonAsync(cancellationToken), "application/json");
}
