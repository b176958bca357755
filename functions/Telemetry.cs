using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;

namespace Serverless.Functions;

/// <summary>What the functions tell about themselves.</summary>
public static class Telemetry
{
    /// <summary>Traces and logs by OpenTelemetry; sent to Application Insights where a connection string says so.</summary>
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        // The worker's own console logger is off, and with OpenTelemetry the host no longer shows what the worker logs.
        services.AddLogging(logging => logging.AddSimpleConsole());
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
