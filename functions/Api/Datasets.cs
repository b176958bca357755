using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.Functions.Api;

/// <summary>Stores a small data set, or grants the upload of one of any size to storage. Both start a training.</summary>
/// <remarks>The Functions host reads each body into memory, so large bodies do not pass through it.</remarks>
public sealed class Datasets(DatasetStore datasets, DatasetUploads uploads)
{
    [Function(nameof(Datasets))]
    public async Task<JsonHttpResult<StoredDataset>> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = "datasets/{classifier}/{file}")] HttpRequest request,
        string classifier,
        string file,
        CancellationToken cancellationToken)
    {
        RequireName(classifier, file);
        LimitBody(request, classifier, file);
        RequirePlainBody(request);
        try
        {
            await RequireUncompressedAsync(request.BodyReader, cancellationToken);
            var stored = await datasets.WriteAsync(classifier, file, request.BodyReader.AsStream(), cancellationToken);
            return ApiResults.Json(stored, StatusCodes.Status201Created);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLarge(classifier, file);
        }
    }

    [Function("DatasetUpload")]
    public async Task<JsonHttpResult<DatasetUpload>> UploadAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "datasets/{classifier}/{file}/upload")] HttpRequest request,
        string classifier,
        string file,
        CancellationToken cancellationToken)
    {
        RequireName(classifier, file);
        request.HttpContext.Response.Headers.CacheControl = "no-store"; // the URL permits the upload
        return ApiResults.Json(await uploads.GrantAsync(classifier, file, cancellationToken), StatusCodes.Status201Created);
    }

    private static void RequireName(string classifier, string file)
    {
        if (!DatasetStore.TryValidateName(classifier, file, out var reason))
        {
            throw new ProblemException(ProblemType.MalformedRequest, reason);
        }
    }

    private static void LimitBody(HttpRequest request, string classifier, string file)
    {
        if (request.ContentLength > ArticleLimits.DatasetBytes)
        {
            throw TooLarge(classifier, file);
        }

        if (request.ContentLength == 0)
        {
            throw new ProblemException(ProblemType.MalformedRequest, "The data set is empty.");
        }

        // The server enforces it for chunked bodies too, which have no Content-Length.
        request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = ArticleLimits.DatasetBytes;
    }

    private static void RequirePlainBody(HttpRequest request)
    {
        RequestBody.RequireNoContentEncoding(request);
        if (request.ContentType?.TrimStart().StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
        {
            throw Unsupported("The body is a form (multipart); send the file itself, as 'curl -T FILE' does.");
        }
    }

    /// <summary>Looks at the first bytes, and leaves them in the reader.</summary>
    private static async Task RequireUncompressedAsync(PipeReader body, CancellationToken cancellationToken)
    {
        var read = await body.ReadAtLeastAsync(2, cancellationToken);
        var first = read.Buffer.Slice(0, Math.Min(2, read.Buffer.Length)).ToArray();
        body.AdvanceTo(read.Buffer.Start);
        var format = first switch
        {
            [0x1f, 0x8b] => "gzip",
            [(byte)'P', (byte)'K'] => "a ZIP archive",
            _ => null,
        };
        if (format is not null)
        {
            throw Unsupported($"The body is {format}; send the data set uncompressed.");
        }
    }

    private static ProblemException TooLarge(string classifier, string file) => new(
        ProblemType.TooLarge,
        $"A data set in the body has at most {ArticleLimits.DatasetBytes:N0} bytes (2 MB). "
        + $"For a larger one, 'POST api/datasets/{classifier}/{file}/upload' answers with a URL in storage to upload it to.");

    private static ProblemException Unsupported(string detail) => new(ProblemType.UnsupportedMediaType, detail);
}
