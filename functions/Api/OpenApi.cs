using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;

namespace Serverless.Functions.Api;

/// <summary>Serves <c>functions/openapi.json</c>, the OpenAPI document of the HTTP functions.</summary>
/// <remarks>It is written by hand. Tests hold it to the functions, to their records and to real responses.</remarks>
public sealed class OpenApi
{
    private static readonly StaticFile Document = StaticFile.Read("openapi.json");

    [Function(nameof(OpenApi))]
    public FileContentHttpResult Run([HttpTrigger(AuthorizationLevel.Function, "get", Route = "openapi.json")] HttpRequest request) =>
        Document.ToResult();
}
