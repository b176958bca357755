using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>Serves the web page and its files.</summary>
/// <remarks>It is anonymous: the page holds no data, and the functions that it calls require a key.</remarks>
/// <param name="storage">The account that data sets are uploaded to.</param>
public sealed class Page(StorageClients storage)
{
    // Images that were fetched with the key are shown from blob URLs. Large data sets are uploaded to the storage account.
    private readonly string contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        + $"connect-src 'self' {storage.Blobs.Uri.GetLeftPart(UriPartial.Authority)}; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    [Function(nameof(Page))]
    public Results<FileContentHttpResult, RedirectHttpResult, ProblemHttpResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "ui/{file?}")] HttpRequest request, string? file)
    {
        var response = request.HttpContext.Response;

        // URLs in the page are relative to api/ui, so that it works behind any prefix; they do not work from api/ui/.
        if (file is null && request.Path.Value!.EndsWith('/'))
        {
            return TypedResults.Redirect("../ui" + request.QueryString);
        }

        response.Headers.ContentSecurityPolicy = contentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-cache";
        return StaticFile.Page.TryGetValue(file ?? "index.html", out var content)
            ? content.ToResult()
            : Problems.ToResult(response, ProblemType.UnknownFile, $"The page has no file '{file}'.");
    }
}
