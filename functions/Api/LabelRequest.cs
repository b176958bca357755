using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless.Functions.Http;

namespace Serverless.Functions.Api;

/// <summary>What <c>POST review/{classifier}/{id}</c> is told.</summary>
internal sealed record LabelRequest(string Label)
{
    /// <returns>The label.</returns>
    /// <exception cref="ProblemException">The body is something else.</exception>
    public static async Task<string> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync(request, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize<LabelRequest>(body.Text, ApiResults.JsonOptions)?.Label ?? throw Malformed();
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    private static ProblemException Malformed() => new(ProblemType.MalformedRequest, "The body must be JSON such as {\"label\":\"Sports\"}.");
}
