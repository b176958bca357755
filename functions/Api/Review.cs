using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;
using Serverless.Reviews;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>What the model was unsure of: listed for a person, labelled by one, and turned into a data set.</summary>
public sealed class Review(ReviewStore reviews, ReviewExport export)
{
    private const int StandardLimit = 20;

    [Function(nameof(Review))]
    [EndpointSummary("Articles that wait for a person to label them.")]
    [Query("limit", typeof(int), "How many at most; 20 if not said."), Query("continuation", typeof(string), "From the answer before.")]
    [Answers(200, typeof(ListPage<ReviewEntry>))]
    [Fails(ProblemType.MalformedRequest, ProblemType.UnknownClassifier)]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "review/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken) =>
        ApiResults.Json(await reviews.ListAsync(
            RequestParameters.Classifier(classifier), RequestParameters.Limit(request, StandardLimit), RequestParameters.Continuation(request), cancellationToken));

    [Function("LabelArticle")]
    [EndpointSummary("Gives an article the label that a person decided on.")]
    [Reads("application/json", typeof(LabelRequest))]
    [Answers(200, typeof(HumanLabel))]
    [Fails(ProblemType.MalformedRequest, ProblemType.UnknownClassifier, ProblemType.UnknownArticle, ProblemType.TooLarge, ProblemType.UnsupportedMediaType)]
    public async Task<IResult> LabelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "review/{classifier}/{*id}")] HttpRequest request,
        string classifier,
        string id,
        CancellationToken cancellationToken)
    {
        var label = await LabelRequest.ReadAsync(request, cancellationToken);
        var outcome = await reviews.LabelAsync(RequestParameters.Classifier(classifier), RequestParameters.Id(id), label, cancellationToken)
            ?? throw new ProblemException(ProblemType.UnknownArticle, $"The article '{id}' of the classifier '{classifier}' does not wait for a label.");
        if (outcome.Given is not { } given)
        {
            var accepted = string.Join(", ", outcome.Accepted);
            throw new ProblemException(
                ProblemType.MalformedRequest, $"The label '{label}' is none of the classifier's: {accepted}. A new one comes with a data set.");
        }

        return ApiResults.Json(given);
    }

    [Function("ExportReview")]
    [EndpointSummary("Makes a data set of the one that the serving version was trained on and of the labels that people gave; it starts a training.")]
    [Answers(201, typeof(ExportedReviews))]
    [Fails(ProblemType.UnknownClassifier, ProblemType.NothingToExport)]
    public async Task<IResult> ExportAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = "datasets/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        var exported = await export.ExportAsync(RequestParameters.Classifier(classifier), cancellationToken)
            ?? throw new ProblemException(ProblemType.NothingToExport, $"Nobody has labelled an article of the classifier '{classifier}' yet.");
        return ApiResults.Json(exported, StatusCodes.Status201Created);
    }
}
