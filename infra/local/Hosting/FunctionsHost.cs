using Azure.Storage.Queues;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Worker;
using Serverless.Storage;

namespace Serverless.Local.Hosting;

/// <summary>
/// Runs the built function app as the Azure Functions host does: starts its worker process, listens to queues and blobs, and forwards HTTP.
/// </summary>
/// <remarks>docs/architecture.md lists the differences.</remarks>
internal sealed class FunctionsHost : IAsyncDisposable
{
    private static readonly Dictionary<string, string?> NoMetadata = [];

    private readonly RpcServer rpc;
    private readonly WorkerSupervisor workers;
    private readonly WebApplication web;

    private FunctionsHost(RpcServer rpc, WorkerSupervisor workers, WebApplication web)
    {
        this.rpc = rpc;
        this.workers = workers;
        this.web = web;
    }

    /// <param name="app">The built or published function app.</param>
    /// <param name="port">The port of the loopback address for HTTP.</param>
    /// <param name="keyFolder">The folder of the keys; null to require no keys, as Core Tools do.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="LocalSystemException">The worker did not start.</exception>
    public static async Task<FunctionsHost> StartAsync(FunctionApp app, int port, string? keyFolder, CancellationToken cancellationToken)
    {
        var builder = CreateBuilder(app, port);
        using var logging = LoggerFactory.Create(console => Configure(console));
        RpcServer? rpc = null;
        WorkerSupervisor? workers = null;
        try
        {
            rpc = await RpcServer.StartAsync(cancellationToken);
            workers = await WorkerSupervisor.StartAsync(app, rpc, logging.CreateLogger<WorkerSupervisor>(), cancellationToken);
            builder.Services.AddSingleton(workers);
            var functions = (await workers.GetAsync(cancellationToken)).Functions;
            AddListeners(builder.Services, functions);
            var web = builder.Build();
            web.Services.GetRequiredService<HttpEndpoints>().Map(web, functions, keyFolder is null ? null : FunctionKeys.ReadOrCreate(keyFolder));
            // Without the token: a start that is cancelled logs an error with a stack trace. It takes milliseconds.
            await web.StartAsync(CancellationToken.None);
            return new FunctionsHost(rpc, workers, web);
        }
        catch
        {
            await (workers?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (rpc?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>Stops the listeners and the web server, waits for running functions, and then stops the worker.</summary>
    public async ValueTask DisposeAsync()
    {
        await web.StopAsync();
        await workers.DisposeAsync();
        await web.DisposeAsync();
        await rpc.DisposeAsync();
    }

    private static WebApplicationBuilder CreateBuilder(FunctionApp app, int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var settings = HostSettings.Read(app.HostJson, builder.Configuration);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = settings.RequestBodyLimit);
        builder.Logging.ClearProviders();
        Configure(builder.Logging);
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<FunctionInvoker>();
        builder.Services.AddSingleton<HttpEndpoints>();
        builder.Services.AddSingleton<StorageClients>();
        builder.Services.AddSingleton<IHostLifetime, NoopHostLifetime>();
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ServicesStopConcurrently = true;
            host.ShutdownTimeout = settings.DrainTime + TimeSpan.FromSeconds(10);
        });
        return builder;
    }

    private static void Configure(ILoggingBuilder logging) => logging
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
        })
        .AddFilter("Azure", LogLevel.Warning)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Yarp", LogLevel.Error);

    private static void AddListeners(IServiceCollection services, IReadOnlyList<FunctionMetadata> functions)
    {
        // Messages are passed on unchanged.
        services.AddSingleton(provider => new QueueServiceClient(
            provider.GetRequiredService<IConfiguration>()[StorageNames.Connection],
            new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None }));
        foreach (var function in functions)
        {
            switch (function.Trigger)
            {
                case QueueTrigger trigger:
                    services.AddSingleton<IHostedService>(provider => Listen(provider, function, trigger));
                    break;
                case BlobTrigger trigger:
                    services.AddSingleton<IHostedService>(provider => Listen(provider, function, trigger));
                    break;
            }
        }
    }

    private static QueueListener Listen(IServiceProvider provider, FunctionMetadata function, QueueTrigger trigger)
    {
        var invoker = provider.GetRequiredService<FunctionInvoker>();
        var queues = provider.GetRequiredService<QueueServiceClient>();
        return new QueueListener(
            function.Name,
            queues.GetQueueClient(trigger.Queue),
            queues,
            (message, cancellationToken) => invoker.InvokeAsync(function, TriggerData.From(message), NoMetadata, cancellationToken),
            provider.GetRequiredService<HostSettings>(),
            provider.GetRequiredService<ILogger<QueueListener>>());
    }

    private static BlobListener Listen(IServiceProvider provider, FunctionMetadata function, BlobTrigger trigger)
    {
        var invoker = provider.GetRequiredService<FunctionInvoker>();
        return new BlobListener(
            function.Name,
            new BlobPath(trigger.Path),
            provider.GetRequiredService<StorageClients>().Blobs,
            provider.GetRequiredService<QueueServiceClient>(),
            (blob, parts, cancellationToken) => invoker.InvokeAsync(function, TriggerData.From(blob, trigger.Connection), parts, cancellationToken),
            provider.GetRequiredService<HostSettings>(),
            provider.GetRequiredService<ILogger<BlobListener>>());
    }
}
