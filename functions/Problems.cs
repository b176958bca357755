using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Serverless.Functions;

/// <summary>What can be wrong with a request, as problem documents (RFC 9457). The <c>type</c> is stable; programs may rely on it.</summary>
internal static class Problems
{
    private const string TypePrefix = "urn:serverless:problem:";

    public static ProblemHttpResult Malformed(string detail) =>
        Problem(StatusCodes.Status400BadRequest, "malformed-request", "The request cannot be read", detail);

    public static ProblemHttpResult UnknownClassifier(string detail) =>
        Problem(StatusCodes.Status404NotFound, "unknown-classifier", "There is no such classifier", detail);

    public static ProblemHttpResult UnknownArticle(string detail) =>
        Problem(StatusCodes.Status404NotFound, "unknown-article", "There is no result for this article", detail);

    public static ProblemHttpResult TooLarge(string detail) =>
        Problem(StatusCodes.Status413PayloadTooLarge, "too-large", "The request is too large", detail);

    public static ProblemHttpResult UnsupportedMediaType() => Problem(
        StatusCodes.Status415UnsupportedMediaType,
        "unsupported-media-type",
        "This content type is not read",
        "Send 'Content-Type: application/json' or 'text/plain', in UTF-8.");

    /// <param name="response">Gets the header Retry-After.</param>
    public static ProblemHttpResult TooBusy(HttpResponse response, string detail) =>
        Later(response, StatusCodes.Status429TooManyRequests, "too-busy", "Too many articles are waiting", detail, seconds: 2);

    /// <param name="response">Gets the header Retry-After.</param>
    public static ProblemHttpResult NotReady(HttpResponse response, string detail) =>
        Later(response, StatusCodes.Status503ServiceUnavailable, "not-ready", "The model is not ready", detail, seconds: 10);

    private static ProblemHttpResult Later(HttpResponse response, int status, string type, string title, string detail, int seconds)
    {
        response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Problem(status, type, title, detail);
    }

    private static ProblemHttpResult Problem(int status, string type, string title, string detail) =>
        TypedResults.Problem(detail, statusCode: status, title: title, type: TypePrefix + type);
}
