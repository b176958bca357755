using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>Lists classifiers, their versions and files, and promotes a version.</summary>
public sealed class Models(ModelCatalog models, ModelPromotion promotions)
{
    // A report is shown without scripts, whoever uploaded it.
    private const string ContentSecurityPolicy = "sandbox; default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline'";

    private static readonly FileExtensionContentTypeProvider ContentTypes = new();

    [Function(nameof(Models))]
    public async Task<JsonHttpResult<ModelsResponse>> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "models")] HttpRequest request, CancellationToken cancellationToken) =>
        ApiResults.Json(new ModelsResponse(await models.ListClassifiersAsync(cancellationToken)));

    [Function("ModelVersions")]
    public async Task<JsonHttpResult<VersionsResponse>> VersionsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "models/{classifier}")] HttpRequest request,
        string classifier,
        CancellationToken cancellationToken)
    {
        var versions = await models.ListVersionsAsync(RequestParameters.Classifier(classifier), cancellationToken);
        if (versions.Count == 0)
        {
            throw new UnknownClassifierException(classifier);
        }

        return ApiResults.Json(VersionsResponse.From(classifier, versions));
    }

    [Function("ModelFile")]
    public async Task<FileStreamHttpResult> FileAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "models/{classifier}/{version}/files/{*file}")] HttpRequest request,
        string classifier,
        string version,
        string? file,
        CancellationToken cancellationToken)
    {
        var name = RequestParameters.Rest(request, file, "file", ProblemType.UnknownFile);
        var content = StorageNames.IsName(version)
            ? await models.OpenFileAsync(RequestParameters.Classifier(classifier), version, name, cancellationToken)
            : null;
        if (content is null)
        {
            throw new ProblemException(ProblemType.UnknownFile, $"Version '{version}' of the classifier '{classifier}' has no file '{name}'.");
        }

        var headers = request.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "private, max-age=31536000, immutable"; // versions are immutable
        return TypedResults.Stream(content, ContentTypes.TryGetContentType(name, out var type) ? type : "application/octet-stream");
    }

    [Function("PromoteModel")]
    public async Task<JsonHttpResult<Promotion>> PromoteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "models/{classifier}/{version}/promote")] HttpRequest request,
        string classifier,
        string version,
        CancellationToken cancellationToken)
    {
        var promotion = StorageNames.IsName(version)
            ? await promotions.PromoteAsync(RequestParameters.Classifier(classifier), version, cancellationToken)
            : null;
        if (promotion is null)
        {
            throw new ProblemException(ProblemType.UnknownVersion, $"The classifier '{classifier}' has no version '{version}'.");
        }

        return ApiResults.Json(promotion);
    }
}
