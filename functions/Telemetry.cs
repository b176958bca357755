using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Logs;

namespace Serverless.Functions;

/// <summary>Registers logging and OpenTelemetry.</summary>
internal static class Telemetry
{
    /// <summary>Logs to the console, and exports traces and logs to Application Insights if there is a connection string.</summary>
    /// <remarks>
    /// At Information, ASP.NET Core logs the URL of each request, which contains the function key if a caller sends it as
    /// <c>?code=KEY</c>: two console lines and four Application Insights records per request. The storage SDK logs each of its
    /// requests and responses.
    /// </remarks>
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("Azure", LogLevel.Warning)
            // The worker removes the default console logger, and with OpenTelemetry the host does not print the logs of the worker.
            .AddConsoleFormatter<LineConsoleFormatter, ConsoleFormatterOptions>()
            .AddConsole(console => console.FormatterName = LineConsoleFormatter.FormatterName));
        services.TryAddSingleton(TimeProvider.System);
        services.AddHostedService<QueueDepthService>();
        var telemetry = services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        if (configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 })
        {
            // The worker puts the invocation id into a scope.
            services.Configure<OpenTelemetryLoggerOptions>(logs => logs.IncludeScopes = true);
            telemetry.UseAzureMonitorExporter(exporter =>
            {
                // In Azure, Application Insights accepts only the identity of the app, not the key of the connection string.
                exporter.Credential = configuration["AZURE_CLIENT_ID"] is { Length: > 0 } clientId
                    ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId))
                    : null;
                // Traces are sampled; logs are all kept, also those of a trace that is dropped.
                exporter.EnableTraceBasedLogsSampler = false;
            });
        }
    }
}
