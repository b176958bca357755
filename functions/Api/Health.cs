using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;
using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>State and versions of the models: 503 only after a failed load. It loads nothing, so that a probe never warms an instance that has no work.</summary>
public sealed class Health(ArticleClassifier classifiers)
{
    [Function(nameof(Health))]
    [EndpointSummary("Tells how this instance stands and which versions it serves; 503 after a load that failed.")]
    [Answers(200, typeof(ServingStatus)), Answers(503, typeof(ServingStatus))]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request)
    {
        var status = classifiers.Status;
        return ApiResults.Json(status, status.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
