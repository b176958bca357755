using System.Text.Json;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Functions;
using Serverless.Serving;

namespace Serverless.UnitTests.Functions;

public sealed class ProblemDetailsMiddlewareTests
{
    public static TheoryData<Exception, int, string, string?> Faults => new()
    {
        { new WaitingRoomFullException(3), 429, "too-busy", "2" },
        { new ModelNotReadyException("The model is still being loaded."), 503, "not-ready", "10" },
        { new RequestFailedException(0, "Connection refused (storage:443)"), 503, "storage-unavailable", "5" },
        { new AggregateException(new RequestFailedException(0, "Connection refused")), 503, "storage-unavailable", "5" },
        { new RequestFailedException(403, "AuthorizationPermissionMismatch"), 500, "internal-error", null },
        { new InvalidOperationException("secret detail"), 500, "internal-error", null },
        { new UnknownClassifierException("desk"), 404, "unknown-classifier", null },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_goes_wrong_becomes_a_problem_document_and_never_a_stack_trace(Exception fault, int status, string type, string? retryAfter)
    {
        var (response, body) = await AnswerAsync(() => throw fault);

        var problem = JsonDocument.Parse(body).RootElement;
        Assert.Equal(status, response.StatusCode);
        Assert.StartsWith("application/problem+json", response.ContentType, StringComparison.Ordinal);
        Assert.Equal($"urn:serverless:problem:{type}", problem.GetProperty("type").GetString());
        Assert.Equal(retryAfter, response.Headers.RetryAfter.FirstOrDefault());
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret detail", body, StringComparison.Ordinal);
        Assert.DoesNotContain("storage:443", body, StringComparison.Ordinal);
    }

    [Fact]
    public void The_types_of_problems_never_change() => Assert.Equal(
        [
            "internal-error 500", "malformed-request 400", "not-promoted 409", "not-ready 503", "nothing-to-export 409", "storage-unavailable 503", "too-busy 429",
            "too-large 413", "unknown-article 404", "unknown-classifier 404", "unknown-file 404", "unknown-version 404", "unsupported-media-type 415",
        ],
        Enum.GetValues<ProblemType>().Select(type => $"{Problems.Urn(type).Split(':')[^1]} {Problems.Status(type)}").Order(StringComparer.Ordinal));

    private static async Task<(HttpResponse Response, string Body)> AnswerAsync(Func<Task<IResult>> answer)
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
        using var body = new MemoryStream();
        context.Response.Body = body;
        await (await Answer.OrProblemAsync(context.Request, answer)).ExecuteAsync(context);
        return (context.Response, System.Text.Encoding.UTF8.GetString(body.ToArray()));
    }
}
