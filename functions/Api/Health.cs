using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>The state of this instance and the versions that it serves; 503 only after a failed load.</summary>
/// <remarks>It does not load a model, so that a health probe does not warm up an instance that has no work.</remarks>
public sealed class Health(ArticleClassifier classifiers)
{
    [Function(nameof(Health))]
    public JsonHttpResult<ServingStatus> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request)
    {
        var status = classifiers.Status;
        return ApiResults.Json(status, status.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
