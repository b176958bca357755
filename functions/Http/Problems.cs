using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Serverless.Functions.Http;

/// <summary>What can be wrong with a request. The names make the <c>type</c> of the problem documents, so they never change.</summary>
internal enum ProblemType
{
    MalformedRequest,
    UnknownClassifier,
    UnknownArticle,
    UnknownVersion,
    UnknownFile,
    NothingToExport,
    NotPromoted,
    TooLarge,
    UnsupportedMediaType,
    TooBusy,
    InternalError,
    NotReady,
    StorageUnavailable,
}

/// <summary>The problem documents (RFC 9457).</summary>
internal static class Problems
{
    public const string MediaType = "application/problem+json";

    /// <summary>The <c>type</c>: stable, programs may rely on it.</summary>
    public static string Urn(ProblemType type) => $"urn:serverless:problem:{JsonNamingPolicy.KebabCaseLower.ConvertName(type.ToString())}";

    public static int Status(ProblemType type) => Describe(type).Status;

    public static string Title(ProblemType type) => Describe(type).Title;

    /// <param name="response">Gets the header Retry-After where asking again may help.</param>
    /// <param name="type">What kind of problem.</param>
    /// <param name="detail">What was wrong, and what to do.</param>
    public static IResult Answer(HttpResponse response, ProblemType type, string detail)
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
        ProblemType.UnknownClassifier => (StatusCodes.Status404NotFound, "There is no such classifier", null),
        ProblemType.UnknownArticle => (StatusCodes.Status404NotFound, "There is nothing about this article", null),
        ProblemType.UnknownVersion => (StatusCodes.Status404NotFound, "There is no such version", null),
        ProblemType.UnknownFile => (StatusCodes.Status404NotFound, "There is no such file", null),
        ProblemType.NothingToExport => (StatusCodes.Status409Conflict, "There is nothing to export", null),
        ProblemType.NotPromoted => (StatusCodes.Status409Conflict, "The version was not promoted", null),
        ProblemType.TooLarge => (StatusCodes.Status413PayloadTooLarge, "The request is too large", null),
        ProblemType.UnsupportedMediaType => (StatusCodes.Status415UnsupportedMediaType, "This content type is not read", null),
        ProblemType.TooBusy => (StatusCodes.Status429TooManyRequests, "Too many articles are waiting", 2),
        ProblemType.InternalError => (StatusCodes.Status500InternalServerError, "Something went wrong here", null),
        ProblemType.NotReady => (StatusCodes.Status503ServiceUnavailable, "The model is not ready", 10),
        ProblemType.StorageUnavailable => (StatusCodes.Status503ServiceUnavailable, "The storage does not answer", 5),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
