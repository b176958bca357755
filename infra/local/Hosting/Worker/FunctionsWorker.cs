using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Serverless.EndToEndTests.Worker;

/// <summary>
/// Plays the Functions host to the compiled app: starts it as a process, asks it for its functions, and invokes them, over the
/// protocol that the real host speaks with a worker.
/// </summary>
internal sealed class WorkerHost : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly RunningProgram worker;
    private readonly Dictionary<string, RpcFunctionMetadata> functions = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromMinutes(2) };

    private WorkerHost(WebApplication server, RunningProgram worker) => (this.server, this.worker) = (server, worker);

    public IReadOnlyDictionary<string, RpcFunctionMetadata> Functions => functions;

    public string Output => worker.Output;

    private WorkerStream Stream => server.Services.GetRequiredService<WorkerStream>();

    /// <summary>Starts the worker and has it load all its functions.</summary>
    /// <param name="settings">Environment variables of the app.</param>
    public static async Task<WorkerHost> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        var server = await ListenAsync();
        var host = new WorkerHost(server, Launch(new Uri(server.Urls.Single()), settings));
        try
        {
            await host.LoadAsync();
            return host;
        }
        catch (Exception exception)
        {
            await host.DisposeAsync();
            throw new InvalidOperationException($"The worker did not start: {host.Output}", exception);
        }
    }

    /// <summary>Delivers a message, as the host delivers one that it took from a queue.</summary>
    /// <param name="function">A function with a queue trigger.</param>
    /// <param name="parameter">The name of its parameter.</param>
    /// <param name="text">The message as it stands on the queue.</param>
    public async Task<StatusResult> InvokeQueueAsync(string function, string parameter, string text)
    {
        var message = new { MessageId = Guid.NewGuid(), PopReceipt = "receipt", MessageText = text, DequeueCount = 1, InsertedOn = TimeProvider.System.GetUtcNow() };
        var data = new ModelBindingData
        {
            Version = "1.0",
            Source = "AzureStorageQueues",
            ContentType = "application/json",
            Content = ByteString.CopyFromUtf8(JsonSerializer.Serialize(message)),
        };
        return await InvokeAsync(function, Guid.NewGuid().ToString(), parameter, new TypedData { ModelBindingData = data }, []);
    }

    /// <summary>Forwards a request to the worker's own web server, and invokes the function at the same time: the worker joins both by the invocation's id.</summary>
    /// <param name="function">A function with an HTTP trigger.</param>
    /// <param name="request">With a path and no host.</param>
    /// <param name="route">The values of the route's parameters.</param>
    public async Task<(StatusResult Result, HttpResponseMessage Response)> InvokeHttpAsync(
        string function, HttpRequestMessage request, params IEnumerable<(string Name, string Value)> route)
    {
        var invocation = Guid.NewGuid().ToString();
        request.Headers.Add("x-ms-invocation-id", invocation);
        var invoking = InvokeAsync(function, invocation, "request", new TypedData { Http = new RpcHttp() }, route);
        var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (await invoking, response);
    }

    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await Stream.AskAsync(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
        return await worker.WaitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await worker.DisposeAsync();
        await server.DisposeAsync();
    }

    private static async Task<WebApplication> ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<WorkerStream>();
        var server = builder.Build();
        server.MapGrpcService<WorkerStream>();
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private static RunningProgram Launch(Uri host, IReadOnlyDictionary<string, string> settings) => RunningProgram.Start(
        [
            "dotnet", FunctionApp.Program, "--functions-uri", host.ToString(), "--functions-worker-id", "worker", "--functions-request-id", "start",
            "--functions-grpc-max-message-length", $"{int.MaxValue}",
        ],
        new Dictionary<string, string>(settings)
        {
            ["FUNCTIONS_APPLICATION_DIRECTORY"] = FunctionApp.Folder,
            ["FUNCTIONS_WORKER_DIRECTORY"] = FunctionApp.Folder,
        });

    private async Task LoadAsync()
    {
        Assert.Equal("worker", await Stream.StartedAsync());
        var init = new WorkerInitRequest { HostVersion = "4.0.0", WorkerDirectory = FunctionApp.Folder, FunctionAppDirectory = FunctionApp.Folder };
        var initialised = (await Stream.AskAsync(new StreamingMessage { WorkerInitRequest = init })).WorkerInitResponse;
        http.BaseAddress = new Uri(initialised.Capabilities["HttpUri"]);

        var request = new FunctionsMetadataRequest { FunctionAppDirectory = FunctionApp.Folder };
        var metadata = (await Stream.AskAsync(new StreamingMessage { FunctionsMetadataRequest = request })).FunctionMetadataResponse;
        foreach (var function in metadata.FunctionMetadataResults)
        {
            var load = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function };
            var loaded = (await Stream.AskAsync(new StreamingMessage { FunctionLoadRequest = load })).FunctionLoadResponse;
            Assert.True(loaded.Result.Status == StatusResult.Types.Status.Success, $"{function.Name} was not loaded: {loaded.Result.Exception?.Message}");
            functions.Add(function.Name, function);
        }

        await Eventually.TrueAsync(ListensAsync, "the worker's web server");
    }

    private async Task<StatusResult> InvokeAsync(
        string function, string invocation, string parameter, TypedData data, IEnumerable<(string Name, string Value)> metadata)
    {
        var request = new InvocationRequest
        {
            InvocationId = invocation,
            FunctionId = functions[function].FunctionId,
            InputData = { new ParameterBinding { Name = parameter, Data = data } },
            TraceContext = new RpcTraceContext(),
        };
        foreach (var (name, value) in metadata)
        {
            request.TriggerMetadata.Add(name, new TypedData { String = value });
        }

        return (await Stream.AskAsync(new StreamingMessage { InvocationRequest = request })).InvocationResponse.Result;
    }

    private async Task<bool> ListensAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(http.BaseAddress!.Host, http.BaseAddress.Port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
