using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Functions;

/// <summary>How every function answers: typed JSON, or a problem document made here and nowhere else.</summary>
internal static class Answer
{
    /// <summary>camelCase, enums as words, text readable in any script, and every property there even if it is null.</summary>
    public static JsonSerializerOptions JsonOptions { get; } = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) => TypedResults.Json(value, JsonOptions, statusCode: status);

    /// <summary>Gives the answer, or a problem document in the place of whatever exception came; never a stack trace.</summary>
    public static async Task<IResult> OrProblemAsync(HttpRequest request, Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (OperationCanceledException) when (request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception exception)
        {
            var (type, detail) = Explain(exception);
            if (type is ProblemType.InternalError or ProblemType.StorageUnavailable)
            {
                var log = request.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Answer));
                log.LogError(exception, "{Method} {Path} failed, trace {TraceId}", request.Method, request.Path, request.HttpContext.TraceIdentifier);
                detail = $"{detail} The log says more under '{request.HttpContext.TraceIdentifier}'.";
            }

            return Problems.Answer(request.HttpContext.Response, type, detail);
        }
    }

    private static (ProblemType Type, string Detail) Explain(Exception exception) => exception switch
    {
        ProblemException problem => (problem.Type, problem.Message),
        BadContinuationException => (ProblemType.MalformedRequest, exception.Message),
        UnknownClassifierException => (ProblemType.UnknownClassifier, exception.Message),
        WaitingRoomFullException => (ProblemType.TooBusy, exception.Message),
        ModelNotReadyException => (ProblemType.NotReady, exception.Message),
        PromotionException => (ProblemType.NotPromoted, exception.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (ProblemType.TooLarge, "The body is longer than is accepted here."),
        BadHttpRequestException => (ProblemType.MalformedRequest, exception.Message),
        RequestFailedException { Status: 403 } => (ProblemType.InternalError, "The storage account refuses access: a role is missing, or its firewall is in the way."),
        RequestFailedException { Status: 0 or 429 or >= 500 } or AggregateException => (ProblemType.StorageUnavailable, "The storage account does not answer; try again in a moment."),
        _ => (ProblemType.InternalError, "The request met an error that is not yours."),
    };
}
