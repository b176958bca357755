using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;

namespace Serverless.Functions;

/// <summary>Registers logging and OpenTelemetry.</summary>
internal static class Telemetry
{
    /// <summary>Logs to the console; traces and logs by OpenTelemetry, to Application Insights where there is a connection string.</summary>
    /// <remarks>
    /// At Information, ASP.NET Core logs the address of each request, and with it the function key where a caller sends it as <c>?code=KEY</c>:
    /// two lines on the console and four records in Application Insights a request. The storage SDK logs each of its requests and responses.
    /// </remarks>
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("Azure", LogLevel.Warning)
            // The worker's own console logger is off, and with OpenTelemetry the host no longer shows what the worker logs.
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            }));
        var telemetry = services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        if (configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 })
        {
            // In a scope the worker names the invocation that a log belongs to.
            services.Configure<OpenTelemetryLoggerOptions>(logs => logs.IncludeScopes = true);
            telemetry.UseAzureMonitorExporter(exporter =>
            {
                // In Azure, Application Insights takes no key: what is sent comes with the identity of the app.
                exporter.Credential = configuration["AZURE_CLIENT_ID"] is { Length: > 0 } clientId
                    ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId))
                    : null;
                // Traces are sampled; a log is not dropped with its trace, since each may be the one that matters.
                exporter.EnableTraceBasedLogsSampler = false;
            });
        }
    }
}
