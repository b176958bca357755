using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Contract;
using Serverless.Functions.Http;

namespace Serverless.Functions.Api;

/// <summary>The page for people, and the files that it is made of. It is anonymous: what it asks the other functions takes a key.</summary>
public sealed class Page
{
    // Its own files and answers, nothing else; pictures that were fetched with the key are blob addresses.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly IReadOnlyDictionary<string, StaticFile> files = StaticFile.All;

    [Function(nameof(Page))]
    [EndpointSummary("The page for people, and its files.")]
    [Answers(200, typeof(Stream), "*/*"), Fails(ProblemType.UnknownFile)]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "ui/{file?}")] HttpRequest request, string? file)
    {
        // Addresses in the page are relative to api/ui, so that it works behind any prefix; api/ui/ would lead them astray.
        if (file is null && request.Path.Value!.EndsWith('/'))
        {
            return TypedResults.Redirect("../ui" + request.QueryString);
        }

        var headers = request.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        return files.TryGetValue(file ?? "index.html", out var found)
            ? TypedResults.Bytes(found.Content, found.ContentType, entityTag: found.ETag)
            : Problems.Answer(request.HttpContext.Response, ProblemType.UnknownFile, $"The page has no file '{file}'.");
    }
}
