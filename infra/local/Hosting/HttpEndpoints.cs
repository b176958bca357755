using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Worker;
using Yarp.ReverseProxy.Forwarder;

namespace Serverless.Local.Hosting;

/// <summary>The HTTP triggers: each request is forwarded to the worker's own web server while its function is invoked over gRPC.</summary>
internal sealed class HttpEndpoints(
    WorkerSupervisor workers, FunctionInvoker invoker, IHttpForwarder forwarder, HostSettings settings, ILogger<HttpEndpoints> log) : IDisposable
{
    // The limits of the Functions host.
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = TimeSpan.FromSeconds(240) };

    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = DistributedContextPropagator.CreatePassThroughPropagator(),
    });

    /// <summary>Adds a route for each HTTP function, under the route prefix of host.json.</summary>
    /// <param name="endpoints">The web server's routes.</param>
    /// <param name="functions">Functions with another trigger are left out.</param>
    /// <param name="keys">The keys that callers need; null to ask for none, as Core Tools do on a developer's machine.</param>
    /// <remarks>A method that no function of a route has is answered 404, as by the Functions host; MapMethods would answer 405.</remarks>
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

                if (keys is not null && !keys.Authorize(trigger.Level, context.Request))
                {
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    return Task.CompletedTask;
                }

                return InvokeAsync(context, function);
            });
        }
    }

    public void Dispose() => client.Dispose();

    /// <remarks>The worker matches request and invocation by the header x-ms-invocation-id.</remarks>
    private async Task InvokeAsync(HttpContext context, FunctionMetadata function)
    {
        try
        {
            var worker = await workers.GetAsync(context.RequestAborted);
            var invocationId = Guid.NewGuid().ToString();
            var routeValues = context.Request.RouteValues.ToDictionary(value => value.Key, value => value.Value?.ToString(), StringComparer.OrdinalIgnoreCase);
            var invoking = invoker.InvokeAsync(worker, invocationId, function, new TypedData { Http = new RpcHttp() }, routeValues, context.RequestAborted);
            var error = await forwarder.SendAsync(context, worker.HttpAddress.ToString(), client, Config, new InvocationTransformer(invocationId), context.RequestAborted);
            await invoking;
            if (error != ForwarderError.None && !context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone.
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

    /// <summary>Adds the header that names the invocation.</summary>
    private sealed class InvocationTransformer(string invocationId) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Remove("x-ms-invocation-id");
            proxyRequest.Headers.Add("x-ms-invocation-id", invocationId);
            proxyRequest.Headers.Host = null;
        }
    }
}
