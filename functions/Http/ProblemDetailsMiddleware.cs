using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Functions.Http;

/// <summary>Middleware that turns exceptions of HTTP functions into problem documents (RFC 9457), without stack traces.</summary>
/// <remarks>
/// Exceptions of queue and blob functions pass through, since the host counts the attempts on a message by them.
/// It is registered after the ASP.NET Core integration, whose own middleware is the outer one and executes the result that is set here.
/// </remarks>
internal sealed class ProblemDetailsMiddleware(ILogger<ProblemDetailsMiddleware> log) : IFunctionsWorkerMiddleware
{
    private static readonly TimeSpan DisconnectDelay = TimeSpan.FromSeconds(1);

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (context.GetHttpContext() is { } http)
        {
            context.GetInvocationResult().Value = exception is OperationCanceledException && await HasDisconnectedAsync(context, http)
                ? TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest)
                : ToProblem(exception, http);
        }
    }

    /// <remarks>
    /// When a client disconnects, the host cancels the invocation and closes the request that it forwards. The cancellation arrives first:
    /// without the delay, 18 of 20 disconnects were logged as internal errors. The host also cancels when it stops, with the client connected.
    /// </remarks>
    private static async Task<bool> HasDisconnectedAsync(FunctionContext context, HttpContext http)
    {
        if (context.CancellationToken.IsCancellationRequested)
        {
            await Task.Delay(DisconnectDelay, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return http.RequestAborted.IsCancellationRequested;
    }

    private ProblemHttpResult ToProblem(Exception exception, HttpContext http)
    {
        var (type, detail) = Describe(exception);
        if (type is ProblemType.InternalError or ProblemType.StorageUnavailable)
        {
            // Without the query string, which can contain the key.
            log.LogError(exception, "{Method} {Path} failed, trace {TraceId}", http.Request.Method, http.Request.Path, http.TraceIdentifier);
            detail = $"{detail} See trace '{http.TraceIdentifier}' in the log.";
        }

        return Problems.ToResult(http.Response, type, detail);
    }

    private static (ProblemType Type, string Detail) Describe(Exception exception) => exception switch
    {
        ProblemException problem => (problem.Type, problem.Message),
        BadContinuationException => (ProblemType.MalformedRequest, exception.Message),
        UnknownClassifierException => (ProblemType.UnknownClassifier, exception.Message),
        QueueFullException => (ProblemType.TooBusy, exception.Message),
        ModelNotReadyException => (ProblemType.NotReady, exception.Message),
        PromotionException => (ProblemType.NotPromoted, exception.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            (ProblemType.TooLarge, "The body is too large."),
        BadHttpRequestException => (ProblemType.MalformedRequest, exception.Message),
        RequestFailedException { Status: 403 } =>
            (ProblemType.InternalError, "The storage account denied access: a role assignment is missing, or its firewall blocks the request."),
        RequestFailedException { Status: 0 or 429 or >= 500 } or AggregateException =>
            (ProblemType.StorageUnavailable, "The storage account is unavailable; try again in a moment."),
        _ => (ProblemType.InternalError, "Internal error."),
    };
}
