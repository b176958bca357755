using Microsoft.AspNetCore.Http;

namespace Serverless.FaultTests.Faults;

/// <summary>What a program gets to see of a fault.</summary>
internal static class FaultAnswer
{
    /// <returns>True if the request is answered, or never will be: storage does not hear of it.</returns>
    public static async Task<bool> InsteadAsync(Fault fault, HttpContext context, TimeSpan silence)
    {
        switch (fault)
        {
            case Fault.ServerError:
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return true;
            case Fault.Busy or Fault.Throttled:
                context.Response.StatusCode = fault == Fault.Busy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status429TooManyRequests;
                context.Response.Headers.RetryAfter = "1";
                return true;
            case Fault.Reset:
                context.Abort();
                return true;
            case Fault.NoAnswer:
                await Task.Delay(silence, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                context.Abort();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Sends the answer of storage, or what the fault leaves of it.</summary>
    public static async Task SendAsync(Fault fault, HttpContext context, ReadOnlyMemory<byte> body, TimeSpan silence)
    {
        switch (fault)
        {
            case Fault.AnswerLost:
                context.Abort();
                break;
            case Fault.Truncated:
                await context.Response.Body.WriteAsync(body[..(body.Length / 2)]);
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
            case Fault.Stalled:
                await Task.Delay(silence, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await context.Response.Body.WriteAsync(body);
                break;
            default:
                await context.Response.Body.WriteAsync(body);
                break;
        }
    }
}
