using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Reviews;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>Lists articles with a low score, takes the labels that people give them, and exports these as a data set.</summary>
public sealed class Review(ReviewStore reviews, ReviewExport export, BodyMemory bodies)
{
    private const int DefaultLimit = 20;

    [Function(nameof(Review))]
    public async Task<JsonHttpResult<ListPage<ReviewEntry>>> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "review/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        var name = RequestParameters.Classifier(classifier);
        var limit = RequestParameters.Limit(request, DefaultLimit);
        return ApiResults.Json(await reviews.ListAsync(name, limit, RequestParameters.Continuation(request), cancellationToken));
    }

    [Function("LabelArticle")]
    public Task<JsonHttpResult<HumanLabel>> LabelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "review/{classifier}/{*id}")] HttpRequest request,
        string classifier,
        string? id,
        CancellationToken cancellationToken) =>
        StoreLabelAsync(request, classifier, RequestParameters.Id(request, id), cancellationToken);

    /// <summary>Takes the id as a query parameter, for ids that are ambiguous in a path.</summary>
    [Function("LabelArticleById")]
    public Task<JsonHttpResult<HumanLabel>> LabelByIdAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "review/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        var id = RequestParameters.QueryId(request) ?? throw new ProblemException(ProblemType.MalformedRequest, "The query has no 'id'.");
        return StoreLabelAsync(request, classifier, id, cancellationToken);
    }

    [Function("ExportReview")]
    public async Task<JsonHttpResult<ExportedReviews>> ExportAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "datasets/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        try
        {
            var exported = await export.ExportAsync(RequestParameters.Classifier(classifier), cancellationToken)
                ?? throw new ProblemException(ProblemType.NothingToExport, $"No article of the classifier '{classifier}' has been labelled yet.");
            return ApiResults.Json(exported, StatusCodes.Status201Created);
        }
        catch (UserException exception)
        {
            throw new ProblemException(ProblemType.NothingToExport, exception.Message);
        }
    }

    private async Task<JsonHttpResult<HumanLabel>> StoreLabelAsync(
        HttpRequest request, string classifier, string article, CancellationToken cancellationToken)
    {
        using var memory = bodies.Reserve();
        var body = await LabelRequest.ReadAsync(request, memory, cancellationToken);
        var outcome = await reviews.LabelAsync(RequestParameters.Classifier(classifier), article, body.Label, cancellationToken)
            ?? throw new ProblemException(
                ProblemType.UnknownArticle, $"The article '{article}' of the classifier '{classifier}' does not wait for a label.");
        return ApiResults.Json(outcome.Label ?? throw UnknownLabel(body.Label, outcome.AcceptedLabels));
    }

    private static ProblemException UnknownLabel(string label, IEnumerable<string> accepted) => new(
        ProblemType.MalformedRequest,
        $"'{label}' is not a label of the classifier. Its labels are {string.Join(", ", accepted)}. To add one, upload a data set that has it.");
}
