using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>Lists trainings with their progress and outcome.</summary>
public sealed class Runs(TrainingRuns runs, TimeProvider time)
{
    private const int DefaultLimit = 20;

    [Function(nameof(Runs))]
    public async Task<JsonHttpResult<RunsResponse>> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs")] HttpRequest request, CancellationToken cancellationToken)
    {
        var classifier = request.Query["classifier"].ToString() is { Length: > 0 } name ? RequestParameters.Classifier(name) : null;
        var newest = await runs.ListNewestAsync(classifier, RequestParameters.Limit(request, DefaultLimit), cancellationToken);
        return ApiResults.Json(RunsResponse.From(newest, time.GetUtcNow()));
    }
}
