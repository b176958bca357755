using System.Text.Json;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Functions.Http;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.UnitTests.Functions;

public sealed class ProblemDetailsMiddlewareTests
{
    private const string AccessRefused = "The storage account denied access: a role assignment is missing, or its firewall blocks the request.";
    private const string StorageDown = "The storage account is unavailable; try again in a moment.";

    private readonly LogLines<ProblemDetailsMiddleware> log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<Exception, int, string, string?> RequestProblems => new()
    {
        { new ProblemException(ProblemType.UnknownFile, "There is no file."), 404, "unknown-file", null },
        { new BadContinuationException(), 400, "malformed-request", null },
        { new UnknownClassifierException("desk"), 404, "unknown-classifier", null },
        { new QueueFullException(3), 429, "too-busy", "2" },
        { new ModelNotReadyException("The model is still being loaded."), 503, "not-ready", "10" },
        { new PromotionException("It is worse."), 409, "not-promoted", null },
        { new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge), 413, "too-large", null },
        { new BadHttpRequestException("Unexpected end of request content."), 400, "malformed-request", null },
    };

    public static TheoryData<Exception, int, string, string?, string> Errors => new()
    {
        { new RequestFailedException(403, "AuthorizationPermissionMismatch"), 500, "internal-error", null, AccessRefused },
        { new RequestFailedException(404, "BlobNotFound"), 500, "internal-error", null, "Internal error." },
        { new RequestFailedException(0, "Connection refused (storage:443)"), 503, "storage-unavailable", "5", StorageDown },
        { new RequestFailedException(429, "Slow down"), 503, "storage-unavailable", "5", StorageDown },
        { new RequestFailedException(503, "ServerBusy"), 503, "storage-unavailable", "5", StorageDown },
        { new AggregateException(new RequestFailedException(0, "Connection refused")), 503, "storage-unavailable", "5", StorageDown },
        { new InvalidOperationException("secret detail"), 500, "internal-error", null, "Internal error." },
        { new OperationCanceledException("The client is still connected."), 500, "internal-error", null, "Internal error." },
    };

    [Theory]
    [MemberData(nameof(RequestProblems))]
    public async Task A_problem_that_the_caller_can_act_on_is_described_and_not_logged(Exception exception, int status, string type, string? retryAfter)
    {
        var (response, problem) = await FailAsync(exception);

        AssertProblem(response, problem, status, type, retryAfter);
        Assert.Equal(exception.Message, problem.GetProperty("detail").GetString());
        Assert.Empty(log.All);
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task An_internal_error_is_logged_once_and_not_shown(Exception exception, int status, string type, string? retryAfter, string detail)
    {
        var (response, problem) = await FailAsync(exception);

        AssertProblem(response, problem, status, type, retryAfter);
        Assert.Equal($"{detail} See trace 'trace-1' in the log.", problem.GetProperty("detail").GetString());
        Assert.DoesNotContain(exception.Message, problem.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", problem.ToString(), StringComparison.Ordinal);
        Assert.Equal("POST /api/classify failed, trace trace-1", Assert.Single(log.All));
        Assert.Same(exception, Assert.Single(log.Exceptions));
    }

    [Fact]
    public async Task A_client_that_disconnects_gets_499_and_is_not_logged()
    {
        using var aborted = new CancellationTokenSource();
        var http = Request(aborted.Token);

        await FailAsync(
            http,
            _ =>
            {
                aborted.Cancel();
                throw new OperationCanceledException(aborted.Token);
            },
            Token);

        Assert.Equal(StatusCodes.Status499ClientClosedRequest, http.Response.StatusCode);
        Assert.Equal(0, http.Response.Body.Length);
        Assert.Empty(log.All);
    }

    [Fact]
    public async Task A_disconnect_that_the_worker_sees_after_the_cancellation_gets_499()
    {
        using var cancelled = new CancellationTokenSource();
        using var aborted = new CancellationTokenSource();
        var http = Request(aborted.Token);

        await FailAsync(
            http,
            _ =>
            {
                cancelled.Cancel();
                aborted.CancelAfter(TimeSpan.FromMilliseconds(50));
                throw new OperationCanceledException(cancelled.Token);
            },
            cancelled.Token);

        Assert.Equal(StatusCodes.Status499ClientClosedRequest, http.Response.StatusCode);
        Assert.Empty(log.All);
    }

    [Fact]
    public async Task A_client_whose_invocation_the_host_cancels_gets_an_internal_error()
    {
        using var cancelled = new CancellationTokenSource();
        var http = Request(Token);

        await FailAsync(
            http,
            _ =>
            {
                cancelled.Cancel();
                throw new OperationCanceledException(cancelled.Token);
            },
            cancelled.Token);

        Assert.Equal(StatusCodes.Status500InternalServerError, http.Response.StatusCode);
        Assert.Single(log.Errors);
    }

    [Fact]
    public async Task Exceptions_of_queue_and_blob_functions_pass_through_unchanged()
    {
        var exception = new RequestFailedException(503, "ServerBusy");
        var context = new InvocationContext(http: null, Token);

        var thrown = await Assert.ThrowsAsync<RequestFailedException>(() => InvokeAsync(context, _ => throw exception));

        Assert.Same(exception, thrown);
        Assert.Null(context.GetInvocationResult().Value);
        Assert.Empty(log.All);
    }

    [Fact]
    public async Task The_result_of_a_function_that_succeeds_is_left_as_it_is()
    {
        var context = new InvocationContext(Request(Token), Token);
        var result = ApiResults.Json(1);

        await InvokeAsync(context, invoked =>
        {
            invoked.GetInvocationResult().Value = result;
            return Task.CompletedTask;
        });

        Assert.Same(result, context.GetInvocationResult().Value);
    }

    [Fact]
    public void The_types_of_problems_never_change() => Assert.Equal(
        [
            "internal-error 500", "malformed-request 400", "not-promoted 409", "not-ready 503", "nothing-to-export 409", "storage-unavailable 503",
            "too-busy 429", "too-large 413", "unknown-article 404", "unknown-classifier 404", "unknown-file 404", "unknown-version 404",
            "unsupported-media-type 415",
        ],
        Enum.GetValues<ProblemType>()
            .Select(type => $"{Problems.Urn(type).Split(':')[^1]} {Problems.Status(type)}")
            .Order(StringComparer.Ordinal));

    private static void AssertProblem(HttpResponse response, JsonElement problem, int status, string type, string? retryAfter)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.StartsWith("application/problem+json", response.ContentType, StringComparison.Ordinal);
        Assert.Equal($"urn:serverless:problem:{type}", problem.GetProperty("type").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(retryAfter, response.Headers.RetryAfter.FirstOrDefault());
    }

    private async Task<(HttpResponse Response, JsonElement Problem)> FailAsync(Exception exception)
    {
        var http = Request(Token);
        await FailAsync(http, _ => throw exception, Token);
        return (http.Response, JsonDocument.Parse(((MemoryStream)http.Response.Body).ToArray()).RootElement);
    }

    /// <summary>Invokes a function that throws, and executes the result as the ASP.NET Core integration does.</summary>
    private async Task FailAsync(HttpContext http, FunctionExecutionDelegate function, CancellationToken cancelled)
    {
        var context = new InvocationContext(http, cancelled);
        await InvokeAsync(context, function);
        await ((IResult)context.GetInvocationResult().Value!).ExecuteAsync(http);
    }

    private Task InvokeAsync(InvocationContext context, FunctionExecutionDelegate function) => new ProblemDetailsMiddleware(log).Invoke(context, function);

    private static DefaultHttpContext Request(CancellationToken aborted)
    {
        var http = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider(),
            RequestAborted = aborted,
            TraceIdentifier = "trace-1",
        };
        http.Request.Method = HttpMethods.Post;
        http.Request.Path = "/api/classify";
        http.Request.QueryString = new QueryString("?code=key");
        http.Response.Body = new MemoryStream();
        return http;
    }
}
