using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>Stores a data set, which starts a training.</summary>
public sealed class Datasets(DatasetStore datasets)
{
    [Function(nameof(Datasets))]
    public async Task<JsonHttpResult<StoredDataset>> RunAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "put", Route = "datasets/{classifier}/{file}")] HttpRequest request,
        string classifier,
        string file,
        CancellationToken cancellationToken)
    {
        if (!DatasetStore.TryValidateName(classifier, file, out var reason))
        {
            throw new ProblemException(ProblemType.MalformedRequest, reason);
        }

        LimitBody(request);
        var stored = await datasets.WriteAsync(classifier, file, request.Body, cancellationToken);
        return ApiResults.Json(stored, StatusCodes.Status201Created);
    }

    private static void LimitBody(HttpRequest request)
    {
        if (request.ContentLength > ArticleLimits.DatasetBytes)
        {
            throw new ProblemException(
                ProblemType.TooLarge, "A data set has at most 100 MB over HTTP; upload a larger one to the container 'datasets'.");
        }

        if (request.ContentLength == 0)
        {
            throw new ProblemException(ProblemType.MalformedRequest, "The data set is empty.");
        }

        // Replaces the web server's limit of 30 MB. The server enforces it for chunked bodies too, which have no Content-Length.
        request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = ArticleLimits.DatasetBytes;
    }
}
