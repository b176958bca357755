using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Articles;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>The stored results of articles that came by the queue.</summary>
public sealed class Results(ResultStore results)
{
    private const int DefaultLimit = 50;

    [Function(nameof(Results))]
    public async Task<JsonHttpResult<ClassificationResult>> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/{classifier}/{*id}")] HttpRequest request,
        string classifier,
        string? id,
        CancellationToken cancellationToken)
    {
        var article = RequestParameters.Id(request, id);
        var result = await results.FindAsync(RequestParameters.Classifier(classifier), article, cancellationToken)
            ?? throw new ProblemException(ProblemType.UnknownArticle, $"The classifier '{classifier}' has no result for the article '{article}'.");
        return ApiResults.Json(result);
    }

    /// <remarks>With the query parameter <c>id</c>: the result of this article, or none. Some ids are ambiguous in a path.</remarks>
    [Function("RecentResults")]
    public async Task<JsonHttpResult<ListPage<ClassificationResult>>> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        var name = RequestParameters.Classifier(classifier);
        if (RequestParameters.QueryId(request) is { } id)
        {
            var found = await results.FindAsync(name, id, cancellationToken);
            return ApiResults.Json(new ListPage<ClassificationResult>(found is null ? [] : [found], Continuation: null));
        }

        var limit = RequestParameters.Limit(request, DefaultLimit);
        return ApiResults.Json(await results.ListAsync(name, limit, RequestParameters.Continuation(request), cancellationToken));
    }
}
