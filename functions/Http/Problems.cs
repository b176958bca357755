using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Serverless.Functions.Http;

/// <summary>Problem documents (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>The <c>type</c> of a problem document.</summary>
    public static string Urn(ProblemType type) => $"urn:serverless:problem:{JsonNamingPolicy.KebabCaseLower.ConvertName(type.ToString())}";

    public static int Status(ProblemType type) => Describe(type).Status;

    public static string Title(ProblemType type) => Describe(type).Title;

    /// <param name="response">The header Retry-After is set here, for types where a retry can succeed.</param>
    /// <param name="type">The type of the problem.</param>
    /// <param name="detail">What is wrong, and what to do.</param>
    public static ProblemHttpResult ToResult(HttpResponse response, ProblemType type, string detail)
    {
        var (status, title, retryAfter) = Describe(type);
        if (retryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Problem(detail, statusCode: status, title: title, type: Urn(type));
    }

    private static (int Status, string Title, int? RetryAfter) Describe(ProblemType type) => type switch
    {
        ProblemType.MalformedRequest => (StatusCodes.Status400BadRequest, "The request cannot be read", null),
        ProblemType.UnknownClassifier => (StatusCodes.Status404NotFound, "Classifier not found", null),
        ProblemType.UnknownArticle => (StatusCodes.Status404NotFound, "Article not found", null),
        ProblemType.UnknownVersion => (StatusCodes.Status404NotFound, "Version not found", null),
        ProblemType.UnknownFile => (StatusCodes.Status404NotFound, "File not found", null),
        ProblemType.NothingToExport => (StatusCodes.Status409Conflict, "Nothing to export", null),
        ProblemType.NotPromoted => (StatusCodes.Status409Conflict, "The version was not promoted", null),
        ProblemType.TooLarge => (StatusCodes.Status413PayloadTooLarge, "The request is too large", null),
        ProblemType.UnsupportedMediaType => (StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", null),
        ProblemType.TooBusy => (StatusCodes.Status429TooManyRequests, "Too many articles are waiting", 2),
        ProblemType.InternalError => (StatusCodes.Status500InternalServerError, "Internal error", null),
        ProblemType.NotReady => (StatusCodes.Status503ServiceUnavailable, "The model is not ready", 10),
        ProblemType.StorageUnavailable => (StatusCodes.Status503ServiceUnavailable, "Storage is unavailable", 5),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
