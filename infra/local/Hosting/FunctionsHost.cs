using Azure.Storage.Queues;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Functions;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Local.Hosting;

/// <summary>Hosts the function classes of functions/ on this machine: their triggers are read from their attributes.</summary>
internal static class FunctionsHost
{
    /// <param name="port">On the loopback address.</param>
    /// <param name="keyFolder">Where the keys lie; null to ask callers for none, as Core Tools do on a developer's machine.</param>
    public static async Task<WebApplication> CreateAsync(int port, string? keyFolder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var libtorch = TorchRuntime.InitialiseAsync(builder.Configuration.GetValue<int?>("Classifier:TorchThreads"));
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
        });
        builder.Logging.AddFilter("Azure", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning);

        var functions = Function.Of(typeof(ClassifyArticle).Assembly.GetExportedTypes());
        var settings = HostSettings.Read(Path.Combine(AppContext.BaseDirectory, "host.json"), builder.Configuration);
        builder.Services.AddTelemetry(builder.Configuration);
        builder.Services.AddArticleClassifier(builder.Configuration);
        builder.Services.AddSingleton(settings).AddSingleton<FunctionInvoker>().AddSingleton<IHostLifetime, SilentLifetime>();
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ServicesStopConcurrently = true;
            host.ShutdownTimeout = settings.DrainTime + TimeSpan.FromSeconds(10);
        });
        AddListeners(builder.Services, functions);

        var app = builder.Build();
        app.MapFunctions(functions, settings, keyFolder is null ? null : FunctionKeys.ReadOrCreate(keyFolder));
        await libtorch;
        return app;
    }

    private static void AddListeners(IServiceCollection services, IReadOnlyList<Function> functions)
    {
        // As they come: the listener decodes them by the rule of host.json, and one that it cannot decode stops no other.
        services.AddSingleton(provider => new QueueServiceClient(
            provider.GetRequiredService<IConfiguration>()[StorageNames.Connection],
            new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None }));
        services.AddSingleton(provider => provider.GetRequiredService<StorageClients>().Blobs);
        foreach (var function in functions)
        {
            if (function.Trigger is QueueTriggerAttribute)
            {
                services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<QueueListener>(provider, function));
            }
            else if (function.Trigger is BlobTriggerAttribute)
            {
                services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<BlobListener>(provider, function));
            }
        }
    }
}
