using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>The classifiers and their versions, and the choice of the one that serves.</summary>
public sealed class Models(ModelCatalog models, ArticleClassifier classifiers, ClassifierOptions options)
{
    [Function(nameof(Models))]
    [EndpointSummary("All classifiers that have a version.")]
    [Answers(200, typeof(ModelsResponse))]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "models")] HttpRequest request, CancellationToken cancellationToken) =>
        ApiResults.Json(new ModelsResponse(await models.ListClassifiersAsync(cancellationToken)));

    [Function("ModelVersions")]
    [EndpointSummary("The versions of a classifier with their metrics, the newest first, and which one serves.")]
    [Answers(200, typeof(VersionsResponse))]
    [Fails(ProblemType.UnknownClassifier)]
    public async Task<IResult> VersionsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "models/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        var versions = await models.ListVersionsAsync(RequestParameters.Classifier(classifier), cancellationToken);
        if (versions.Count == 0)
        {
            throw new UnknownClassifierException(classifier);
        }

        return ApiResults.Json(VersionsResponse.Of(classifier, versions));
    }

    [Function("ModelFile")]
    [EndpointSummary("A file of a version: metrics, plots, report, adapter.")]
    [Answers(200, typeof(Stream), "*/*")]
    [Fails(ProblemType.UnknownClassifier, ProblemType.UnknownFile)]
    public async Task<IResult> FileAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "models/{classifier}/{version}/files/{*file}")] HttpRequest request,
        string classifier,
        string version,
        string file,
        CancellationToken cancellationToken)
    {
        var content = StorageNames.IsName(version)
            ? await models.OpenFileAsync(RequestParameters.Classifier(classifier), version, RequestParameters.Id(file), cancellationToken)
            : null;
        if (content is null)
        {
            throw new ProblemException(ProblemType.UnknownFile, $"Version '{version}' of the classifier '{classifier}' has no file '{file}'.");
        }

        // A report is shown and never run, whoever uploaded it. Versions never change.
        var headers = request.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "private, max-age=31536000, immutable";
        return TypedResults.Stream(content, ContentTypes.TryGetContentType(file, out var type) ? type : "application/octet-stream");
    }

    [Function("PromoteModel")]
    [EndpointSummary("Lets a version serve: forward to a candidate, or back to an earlier one.")]
    [Answers(200, typeof(Promotion))]
    [Fails(ProblemType.UnknownClassifier, ProblemType.UnknownVersion, ProblemType.NotPromoted)]
    public async Task<IResult> PromoteAsync(
        [HttpTrigger(AuthorizationLevel.Admin, "post", Route = "models/{classifier}/{version}/promote")] HttpRequest request,
        string classifier,
        string version,
        CancellationToken cancellationToken)
    {
        var promotion = StorageNames.IsName(version)
            ? await models.PromoteAsync(RequestParameters.Classifier(classifier), version, options.Base, classifiers.TryVersionAsync, cancellationToken)
            : null;
        if (promotion is null)
        {
            throw new ProblemException(ProblemType.UnknownVersion, $"The classifier '{classifier}' has no version '{version}'.");
        }

        return ApiResults.Json(promotion);
    }

    private static readonly FileExtensionContentTypeProvider ContentTypes = new();
}
