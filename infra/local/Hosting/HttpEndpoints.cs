using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Serverless.Local.Hosting;

/// <summary>The HTTP triggers as routes of the web server, under the route prefix of host.json.</summary>
internal static class HttpEndpoints
{
    /// <param name="endpoints">Where the routes are added.</param>
    /// <param name="functions">Those with another trigger are left out.</param>
    /// <param name="settings">Gives the route prefix.</param>
    /// <param name="keys">What callers must show, except those of anonymous functions; null to ask for none.</param>
    public static void MapFunctions(this IEndpointRouteBuilder endpoints, IEnumerable<Function> functions, HostSettings settings, FunctionKeys? keys)
    {
        foreach (var function in functions)
        {
            if (function.Trigger is HttpTriggerAttribute trigger)
            {
                var route = $"/{settings.RoutePrefix}/{trigger.Route ?? function.Name}";
                endpoints.MapMethods(route, trigger.Methods ?? ["GET", "POST"], context => RunAsync(function, trigger, keys, context));
            }
        }
    }

    private static async Task RunAsync(Function function, HttpTriggerAttribute trigger, FunctionKeys? keys, HttpContext context)
    {
        if (keys is not null && !keys.Admit(trigger.AuthLevel, context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var invoker = context.RequestServices.GetRequiredService<FunctionInvoker>();
        var route = context.Request.RouteValues.ToDictionary(value => value.Key, value => value.Value?.ToString(), StringComparer.OrdinalIgnoreCase);
        if (await invoker.InvokeAsync(function, context.Request, route, context.RequestAborted) is IResult result)
        {
            await result.ExecuteAsync(context);
        }
    }
}
