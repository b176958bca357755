using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Articles;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>The stored results of articles that came by the queue.</summary>
public sealed class Results(ResultStore results)
{
    private const int StandardLimit = 50;

    [Function(nameof(Results))]
    [EndpointSummary("The result of one article.")]
    [Answers(200, typeof(ClassificationResult))]
    [Fails(ProblemType.UnknownClassifier, ProblemType.UnknownArticle)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/{classifier}/{*id}")] HttpRequest request,
        string classifier,
        string id,
        CancellationToken cancellationToken)
    {
        var result = await results.FindAsync(RequestParameters.Classifier(classifier), RequestParameters.Id(id), cancellationToken)
            ?? throw new ProblemException(ProblemType.UnknownArticle, $"The classifier '{classifier}' has no result for the article '{id}'.");
        return ApiResults.Json(result);
    }

    [Function("RecentResults")]
    [EndpointSummary("The results of a classifier, the newest first.")]
    [Query("limit", typeof(int), "How many at most; 50 if not said."), Query("continuation", typeof(string), "From the answer before.")]
    [Answers(200, typeof(ListPage<ClassificationResult>))]
    [Fails(ProblemType.MalformedRequest, ProblemType.UnknownClassifier)]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken) =>
        ApiResults.Json(await results.ListAsync(
            RequestParameters.Classifier(classifier), RequestParameters.Limit(request, StandardLimit), RequestParameters.Continuation(request), cancellationToken));
}
