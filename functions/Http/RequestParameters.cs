using System.Globalization;
using Microsoft.AspNetCore.Http;
using Serverless.Storage;

namespace Serverless.Functions.Http;

/// <summary>What callers say in the address of a request, checked.</summary>
internal static class RequestParameters
{
    public const int MostItems = 500;

    /// <exception cref="ProblemException">It is no number from 1 to <see cref="MostItems"/>.</exception>
    public static int Limit(HttpRequest request, int standard)
    {
        var asked = request.Query["limit"].ToString();
        if (asked.Length == 0)
        {
            return standard;
        }

        return int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MostItems
            ? limit
            : throw new ProblemException(ProblemType.MalformedRequest, $"The 'limit' is '{asked}'; it must be a number from 1 to {MostItems}.");
    }

    public static string? Continuation(HttpRequest request) => request.Query["continuation"].ToString() is { Length: > 0 } continuation ? continuation : null;

    /// <exception cref="ProblemException">The name is none, so there is no such classifier.</exception>
    public static string Classifier(string name) => StorageNames.IsName(name)
        ? name
        : throw new ProblemException(ProblemType.UnknownClassifier, $"'{name}' is no name for a classifier: letters, digits, '-' and '_' only, at most 63 characters.");

    /// <summary>
    /// The rest of a path. The web server leaves an escaped slash as it is, and ids such as <c>wire/2026/11</c> come either way.
    /// </summary>
    public static string Id(string rest) => rest.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
