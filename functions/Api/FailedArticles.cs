using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Articles;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>Lists articles that failed on every attempt, and sends them to the queue again.</summary>
public sealed class FailedArticles(FailedArticleStore failed)
{
    private const int DefaultLimit = 50;

    // About ten seconds of storage operations.
    private const int ReplayLimit = 1000;

    [Function(nameof(FailedArticles))]
    public async Task<JsonHttpResult<ListPage<FailedArticleResponse>>> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "failed/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        var name = RequestParameters.Classifier(classifier);
        var limit = RequestParameters.Limit(request, DefaultLimit);
        var page = await failed.ListAsync(name, limit, RequestParameters.Continuation(request), cancellationToken);
        return ApiResults.Json(new ListPage<FailedArticleResponse>([.. page.Items.Select(FailedArticleResponse.From)], page.Continuation));
    }

    [Function("ReplayFailed")]
    public async Task<JsonHttpResult<Replay>> ReplayAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "failed/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken) =>
        ApiResults.Json(await failed.ReplayAsync(RequestParameters.Classifier(classifier), ReplayLimit, cancellationToken));
}
