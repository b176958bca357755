using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Hosting.Worker;

/// <summary>The gRPC server for worker processes, on a free port of the loopback address.</summary>
internal sealed class RpcServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, WorkerChannel> channels = new();
    private readonly WebApplication server;

    private RpcServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton(channels);
        builder.Services.AddSingleton<Service>();
        // StopSignal handles signals.
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, NoopHostLifetime>();
        server = builder.Build();
        server.MapGrpcService<Service>();
    }

    public Uri Address => new(server.Urls.Single());

    public static async Task<RpcServer> StartAsync(CancellationToken cancellationToken)
    {
        var rpc = new RpcServer();
        await rpc.server.StartAsync(cancellationToken);
        return rpc;
    }

    /// <summary>Registers the channel of a worker that will open its stream with this id.</summary>
    public void Register(string workerId, WorkerChannel channel) => channels[workerId] = channel;

    public void Unregister(string workerId) => channels.TryRemove(workerId, out _);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>Passes each stream to the channel of its worker, whose id is in the first message.</summary>
    private sealed class Service(ConcurrentDictionary<string, WorkerChannel> channels) : FunctionRpc.FunctionRpcBase
    {
        public override async Task EventStream(
            IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
        {
            if (!await requestStream.MoveNext(context.CancellationToken)
                || requestStream.Current.StartStream is not { } start
                || !channels.TryGetValue(start.WorkerId, out var channel))
            {
                throw new Grpc.Core.RpcException(
                    new Status(StatusCode.FailedPrecondition, "The stream does not start with the StartStream message of a registered worker."));
            }

            await channel.ServeAsync(requestStream, responseStream, context.CancellationToken);
        }
    }
}
