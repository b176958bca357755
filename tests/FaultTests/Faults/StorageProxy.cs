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
/// A proxy between the programs and the storage emulator. It forwards requests unchanged, injects faults, and calls back before each
/// request is forwarded and after storage has responded.
/// </summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false });
    private long requests;
    private long injected;

    private StorageProxy(WebApplication app) => this.app = app;

    public string ConnectionString { get; private set; } = "";

    /// <summary>Selects the faults; null for none.</summary>
    public FaultPlan? Faults { get; set; }

    /// <summary>Called with "METHOD container/blob" (or queue, or table) before a request is forwarded; false cuts the connection instead.</summary>
    public Func<string, Task<bool>>? Before { get; set; }

    /// <summary>Called after storage has processed a request and before the response is sent; false cuts the connection.</summary>
    public Func<string, Task<bool>>? After { get; set; }

    /// <summary>The number of requests.</summary>
    public long Requests => Volatile.Read(ref requests);

    /// <summary>The number of requests with a fault.</summary>
    public long Injected => Volatile.Read(ref injected);

    /// <param name="emulatorPorts">The ports of blobs, queues and tables.</param>
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

        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        int[] ports = [.. addresses.Select(address => new Uri(address).Port)];
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
        var delay = plan?.Delay ?? TimeSpan.Zero;
        if (fault != Fault.None)
        {
            Interlocked.Increment(ref injected);
        }

        if (await FaultResponse.TryReplaceAsync(fault, context, delay))
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

        await FaultResponse.SendAsync(fault, context, body, delay);
    }

    /// <summary>Forwards a request and buffers the response.</summary>
    /// <returns>The body of the response.</returns>
    private async Task<ReadOnlyMemory<byte>> ForwardAsync(HttpContext context, string target)
    {
        var original = context.Response.Body;
        using var buffer = new MemoryStream();
        context.Response.Body = buffer;
        await context.RequestServices.GetRequiredService<IHttpForwarder>().SendAsync(context, target, client, ForwarderRequestConfig.Empty, new UnchangedTransformer(target));
        context.Response.Body = original;
        return buffer.ToArray();
    }

    private static string Describe(HttpRequest request) =>
        $"{request.Method} {Uri.UnescapeDataString(request.Path.Value!.Replace("/devstoreaccount1/", "", StringComparison.Ordinal))}";

    /// <summary>Forwards path and query byte by byte, because the signature of the request covers them.</summary>
    private sealed class UnchangedTransformer(string target) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);
            var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            request.RequestUri = new Uri(target + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        }
    }
}
