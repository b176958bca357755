using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Serverless.Storage;

namespace Serverless.Functions.Http;

/// <summary>Validates route and query parameters.</summary>
internal static class RequestParameters
{
    public const int MaxItems = 500;

    /// <exception cref="ProblemException">The parameter is not a number from 1 to <see cref="MaxItems"/>.</exception>
    public static int Limit(HttpRequest request, int defaultLimit)
    {
        var value = request.Query["limit"].ToString();
        if (value.Length == 0)
        {
            return defaultLimit;
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxItems
            ? limit
            : throw new ProblemException(ProblemType.MalformedRequest, $"The 'limit' is '{value}'; it must be a number from 1 to {MaxItems}.");
    }

    public static string? Continuation(HttpRequest request) => request.Query["continuation"].ToString() is { Length: > 0 } continuation ? continuation : null;

    /// <exception cref="ProblemException">The name is not valid, so there is no such classifier.</exception>
    public static string Classifier(string name) => StorageNames.IsName(name)
        ? name
        : throw new ProblemException(ProblemType.UnknownClassifier, StorageNames.InvalidNameMessage(name));

    /// <summary>The id of an article at the end of the path.</summary>
    /// <inheritdoc cref="Rest" path="/exception"/>
    public static string Id(HttpRequest request, string? rest) => Rest(request, rest, "id", ProblemType.UnknownArticle);

    /// <summary>The query parameter <c>id</c>, which can be any id.</summary>
    public static string? QueryId(HttpRequest request) => request.Query["id"].ToString() is { Length: > 0 } id ? id : null;

    /// <summary>The decoded value of a catch-all route parameter, such as an id with slashes.</summary>
    /// <remarks>
    /// ASP.NET Core decodes a path except for escaped slashes, so the value of the parameter does not tell the id <c>a/b</c>, sent as
    /// <c>a%2Fb</c>, from the id <c>a%2Fb</c>, sent as <c>a%252Fb</c>. The path as it was sent is decoded here, once. The Functions host
    /// forwards both as <c>a%252Fb</c>, so that form is refused: the result of another article would be wrong.
    /// </remarks>
    /// <param name="request">The request.</param>
    /// <param name="rest">The value of the route parameter, the last segments of the path.</param>
    /// <param name="name">The name of the parameter, for the error.</param>
    /// <param name="notFound">The type of the problem when the parameter is ambiguous.</param>
    /// <exception cref="ProblemException">
    /// The parameter is empty or ambiguous, or the path has segments such as <c>..</c>, which web servers remove.
    /// </exception>
    public static string Rest(HttpRequest request, string? rest, string name, ProblemType notFound)
    {
        if (string.IsNullOrEmpty(rest))
        {
            throw new ProblemException(ProblemType.MalformedRequest, $"The path has no {name}.");
        }

        var segments = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0].Split('/');
        var sent = string.Join('/', segments.TakeLast(rest.Split('/').Length));
        if (sent.Contains("%252F", StringComparison.OrdinalIgnoreCase))
        {
            throw new ProblemException(
                notFound, $"The {name} in the path has an escaped slash, which is ambiguous. Do not escape its slashes, or send an id as '?id=…'.");
        }

        var asRouted = Uri.UnescapeDataString(sent.Replace("%2F", "%252F", StringComparison.OrdinalIgnoreCase));
        return asRouted.Equals(rest, StringComparison.OrdinalIgnoreCase) && segments.All(segment => Uri.UnescapeDataString(segment) is not ("." or ".."))
            ? Uri.UnescapeDataString(sent)
            : throw new ProblemException(ProblemType.MalformedRequest, $"The {name} in the path is not valid. Escape each segment of it.");
    }
}
