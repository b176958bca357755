using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;
using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>The trainings: how they go, and how they ended.</summary>
public sealed class Runs(TrainingRuns runs)
{
    private const int StandardLimit = 20;

    [Function(nameof(Runs))]
    [EndpointSummary("Trainings and their progress, the newest first.")]
    [Query("classifier", typeof(string), "Only this one's."), Query("limit", typeof(int), "How many at most; 20 if not said.")]
    [Answers(200, typeof(RunsResponse))]
    [Fails(ProblemType.MalformedRequest, ProblemType.UnknownClassifier)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs")] HttpRequest request, CancellationToken cancellationToken)
    {
        var classifier = request.Query["classifier"].ToString() is { Length: > 0 } name ? RequestParameters.Classifier(name) : null;
        return ApiResults.Json(RunsResponse.Of(await runs.ListNewestAsync(classifier, RequestParameters.Limit(request, StandardLimit), cancellationToken)));
    }
}
