using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Worker;
using Yarp.ReverseProxy.Forwarder;

namespace Serverless.Local.Hosting;

/// <summary>The HTTP triggers: forwards each request to the web server of the worker, and invokes its function over gRPC at the same time.</summary>
internal sealed class HttpEndpoints(
    WorkerSupervisor workers, FunctionInvoker invoker, IHttpForwarder forwarder, HostSettings settings, ILogger<HttpEndpoints> log) : IDisposable
{
    // The timeout of the Functions host.
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = TimeSpan.FromSeconds(240) };

    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = DistributedContextPropagator.CreatePassThroughPropagator(),
    });

    /// <summary>Adds a route for each HTTP function, under the route prefix of host.json.</summary>
    /// <param name="endpoints">The routes of the web server.</param>
    /// <param name="functions">Functions with other triggers are ignored.</param>
    /// <param name="keys">The keys that callers need; null to require no keys, as Core Tools do.</param>
    /// <remarks>A method that no function of the route accepts gets 404, as in the Functions host; MapMethods would return 405.</remarks>
    public void Map(IEndpointRouteBuilder endpoints, IEnumerable<FunctionMetadata> functions, FunctionKeys? keys)
    {
        var routes =
            from function in functions
            let trigger = function.Trigger as HttpTrigger
            where trigger is not null
            group (function, trigger) by trigger.Route ?? function.Name;
        foreach (var route in routes)
        {
            endpoints.Map($"/{settings.RoutePrefix}/{route.Key}", context =>
            {
                var (function, trigger) = route.FirstOrDefault(each => each.trigger.Methods.Contains(context.Request.Method));
                if (function is null)
                {
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return Task.CompletedTask;
                }

                if (keys is not null && !keys.Authorize(function.Name, trigger.Level, context.Request))
                {
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    return Task.CompletedTask;
                }

                if (context.Request.ContentLength > settings.RequestBodyLimit)
                {
                    return RejectBodyAsync(context);
                }

                return InvokeAsync(context, function);
            });
        }
    }

    public void Dispose() => client.Dispose();

    /// <remarks>The Functions host fails to bind such a request to the function: 500 without a body. A chunked body fails in the middle.</remarks>
    private Task RejectBodyAsync(HttpContext context)
    {
        log.LogWarning("{Method} {Path} has a body of {Bytes} bytes", context.Request.Method, context.Request.Path, context.Request.ContentLength);
        // The web server reads and discards the body. It would otherwise reset the connection, and the caller would not see the response.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return Task.CompletedTask;
    }

    /// <remarks>The worker matches the request to the invocation by the header x-ms-invocation-id.</remarks>
    private async Task InvokeAsync(HttpContext context, FunctionMetadata function)
    {
        try
        {
            var worker = await workers.GetAsync(context.RequestAborted);
            var invocationId = Guid.NewGuid().ToString();
            var routeValues = context.Request.RouteValues.ToDictionary(value => value.Key, value => value.Value?.ToString(), StringComparer.OrdinalIgnoreCase);
            var invocation = invoker.InvokeAsync(worker, invocationId, function, new TypedData { Http = new RpcHttp() }, routeValues, context.RequestAborted);
            var transformer = new InvocationTransformer(invocationId);
            var error = await forwarder.SendAsync(context, worker.HttpAddress.ToString(), client, Config, transformer, context.RequestAborted);
            await invocation;
            if (error != ForwarderError.None && !context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has disconnected.
        }
        catch (Exception exception) when (exception is FunctionFailedException or WorkerExitedException)
        {
            log.LogError("{Method} {Path} failed: {Reason}", context.Request.Method, context.Request.Path, exception.Message);
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }
    }

    /// <summary>Adds the header with the invocation id.</summary>
    private sealed class InvocationTransformer(string invocationId) : HttpTransformer
    {
        private const int MinExpectContinueBytes = 1024 * 1024;

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Remove("x-ms-invocation-id");
            proxyRequest.Headers.Add("x-ms-invocation-id", invocationId);
            proxyRequest.Headers.Host = null;

            // The worker responds to a body that is too large without reading it. If the body were on its way, the connection would be reset.
            proxyRequest.Headers.ExpectContinue = httpContext.Request.ContentLength > MinExpectContinueBytes;
        }
    }
}
