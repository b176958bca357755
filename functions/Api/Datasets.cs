using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>Takes a data set, which starts a training.</summary>
public sealed class Datasets(DatasetStore datasets)
{
    [Function(nameof(Datasets))]
    [EndpointSummary("Stores a data set of at most 100 MB, which starts a training of the classifier.")]
    [Reads("*/*", typeof(Stream))]
    [Answers(201, typeof(StoredDataset))]
    [Fails(ProblemType.MalformedRequest, ProblemType.TooLarge)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "put", Route = "datasets/{classifier}/{file}")] HttpRequest request,
        string classifier,
        string file,
        CancellationToken cancellationToken)
    {
        if (DatasetStore.Reject(classifier, file) is { } reason)
        {
            throw new ProblemException(ProblemType.MalformedRequest, reason);
        }

        if (request.ContentLength > ArticleLimits.DatasetBytes)
        {
            throw new ProblemException(ProblemType.TooLarge, "A data set has at most 100 MB over HTTP; put a larger one into the container 'datasets'.");
        }

        if (request.ContentLength == 0)
        {
            throw new ProblemException(ProblemType.MalformedRequest, "The data set is empty.");
        }

        // The web server's own limit is 30 MB; from here on it watches ours, of a body that does not tell its length too.
        request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = ArticleLimits.DatasetBytes;
        return ApiResults.Json(await datasets.WriteAsync(classifier, file, request.Body, cancellationToken), StatusCodes.Status201Created);
    }
}
