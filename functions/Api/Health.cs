using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>The state of this instance, for probes and for anyone; 503 only after a failed load.</summary>
/// <remarks>
/// It does not load a model, so that a health probe does not warm up an instance that has no work. It names no classifier, no storage
/// account and no path, because it requires no key; <see cref="Status"/> has the details.
/// </remarks>
public sealed class Health(ArticleClassifier classifiers)
{
    [Function(nameof(Health))]
    public JsonHttpResult<HealthResponse> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request)
    {
        var status = classifiers.Status;
        return ApiResults.Json(
            new HealthResponse(status.State, status.Healthy), status.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
