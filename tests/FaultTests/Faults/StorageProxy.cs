using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Serverless.FaultTests.Faults;

/// <summary>
/// Stands between the programs and the storage emulator: passes requests on as they are, injects faults, and tells of each
/// request before it is passed on and after storage has answered.
/// </summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false });
    private long requests;
    private long injected;

    private StorageProxy(WebApplication app) => this.app = app;

    public string ConnectionString { get; private set; } = "";

    /// <summary>Which fault a request meets, if any.</summary>
    public FaultPlan? Faults { get; set; }

    /// <summary>Called with "METHOD container/blob" (or queue, or table) before a request is passed on; false cuts the connection instead.</summary>
    public Func<string, Task<bool>>? Before { get; set; }

    /// <summary>Called when storage has done what it was asked, and before the program hears of it; false cuts the connection.</summary>
    public Func<string, Task<bool>>? After { get; set; }

    /// <summary>How many requests came.</summary>
    public long Requests => Volatile.Read(ref requests);

    /// <summary>How many of them met a fault.</summary>
    public long Injected => Volatile.Read(ref injected);

    /// <param name="emulatorPorts">Of blobs, queues and tables.</param>
    public static async Task<StorageProxy> StartAsync(IReadOnlyList<int> emulatorPorts)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            foreach (var _ in emulatorPorts)
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
        });
        var app = builder.Build();
        var proxy = new StorageProxy(app);
        Dictionary<int, int> targets = [];
        app.Run(context => proxy.HandleAsync(context, $"http://127.0.0.1:{targets[context.Connection.LocalPort]}"));
        await app.StartAsync();

        int[] ports = [.. app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address).Port)];
        foreach (var (port, target) in ports.Zip(emulatorPorts))
        {
            targets[port] = target;
        }

        proxy.ConnectionString = StorageEmulator.ConnectionStringFor(ports);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        client.Dispose();
    }

    private async Task HandleAsync(HttpContext context, string target)
    {
        Interlocked.Increment(ref requests);
        var (plan, request) = (Faults, Describe(context.Request));
        var fault = plan?.Next() ?? Fault.None;
        var silence = plan?.Silence ?? TimeSpan.Zero;
        if (fault != Fault.None)
        {
            Interlocked.Increment(ref injected);
        }

        if (await FaultAnswer.InsteadAsync(fault, context, silence))
        {
            return;
        }

        if (Before is { } before && !await before(request))
        {
            context.Abort();
            return;
        }

        var body = await ForwardAsync(context, target);
        if (After is { } after && !await after(request))
        {
            context.Abort();
            return;
        }

        await FaultAnswer.SendAsync(fault, context, body, silence);
    }

    /// <returns>The body of the answer: nothing of it has gone to the program yet.</returns>
    private async Task<ReadOnlyMemory<byte>> ForwardAsync(HttpContext context, string target)
    {
        var wire = context.Response.Body;
        using var held = new MemoryStream();
        context.Response.Body = held;
        await context.RequestServices.GetRequiredService<IHttpForwarder>().SendAsync(context, target, client, ForwarderRequestConfig.Empty, new AsItCame(target));
        context.Response.Body = wire;
        return held.ToArray();
    }

    private static string Describe(HttpRequest request) =>
        $"{request.Method} {Uri.UnescapeDataString(request.Path.Value!.Replace("/devstoreaccount1/", "", StringComparison.Ordinal))}";

    /// <summary>Path and query byte by byte: the signature of the request covers them.</summary>
    private sealed class AsItCame(string target) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);
            var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            request.RequestUri = new Uri(target + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        }
    }
}
