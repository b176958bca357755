using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Serving;

namespace Serverless.Functions.Api;

/// <summary>The state of this instance with its classifiers, their versions and their problems.</summary>
/// <remarks>It does not load a model either. It responds with 200 in every state; <see cref="Health"/> is for probes.</remarks>
public sealed class Status(ArticleClassifier classifiers)
{
    [Function(nameof(Status))]
    public JsonHttpResult<ServingStatus> Run([HttpTrigger(AuthorizationLevel.Function, "get", Route = "status")] HttpRequest request) =>
        ApiResults.Json(classifiers.Status);
}
