using Microsoft.AspNetCore.Http;

namespace Serverless.FaultTests.Faults;

/// <summary>The response that a program gets for a fault.</summary>
internal static class FaultResponse
{
    /// <summary>Responds or cuts the connection in place of storage, if the fault does so.</summary>
    /// <returns>True if the request is not to be forwarded.</returns>
    public static async Task<bool> TryReplaceAsync(Fault fault, HttpContext context, TimeSpan delay)
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
            case Fault.NoResponse:
                await Task.Delay(delay, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                context.Abort();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Sends the response of storage as the fault changes it.</summary>
    public static async Task SendAsync(Fault fault, HttpContext context, ReadOnlyMemory<byte> body, TimeSpan delay)
    {
        switch (fault)
        {
            case Fault.ResponseLost:
                context.Abort();
                break;
            case Fault.Truncated:
                await context.Response.Body.WriteAsync(body[..(body.Length / 2)]);
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
            case Fault.Stalled:
                await Task.Delay(delay, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await context.Response.Body.WriteAsync(body);
                break;
            default:
                await context.Response.Body.WriteAsync(body);
                break;
        }
    }
}
