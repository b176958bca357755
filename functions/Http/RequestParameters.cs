using System.Globalization;
using Microsoft.AspNetCore.Http;
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

    /// <summary>The value of a catch-all route parameter.</summary>
    /// <remarks>The web server does not decode an escaped slash, and callers send ids such as <c>wire/2026/11</c> in both forms.</remarks>
    public static string Id(string rest) => rest.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
