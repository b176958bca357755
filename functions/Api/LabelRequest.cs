using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless.Functions.Http;

namespace Serverless.Functions.Api;

/// <summary>The body of <c>POST review/{classifier}/{id}</c>.</summary>
internal sealed record LabelRequest(string Label)
{
    /// <exception cref="ProblemException">The body is not valid.</exception>
    public static async Task<LabelRequest> ReadAsync(HttpRequest request, BodyReservation memory, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync(request, memory, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize<LabelRequest>(body.Text, ApiResults.JsonOptions) ?? throw Malformed();
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    private static ProblemException Malformed() => new(ProblemType.MalformedRequest, "The body must be JSON such as {\"label\":\"Sports\"}.");
}
