using System.Globalization;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Serverless.Local.Processes;

namespace Serverless.Local.Hosting.Worker;

/// <summary>A worker process that runs the functions of the app, controlled over gRPC as by the Functions host.</summary>
internal sealed class FunctionsWorker : IAsyncDisposable
{
    // The limits of the Functions host: 60 s for the start, 10 s for the end, of which 5 s are the grace period of the worker.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TerminateGracePeriod = TimeSpan.FromSeconds(5);

    private readonly string id = Guid.NewGuid().ToString();
    private readonly FunctionApp app;
    private readonly RpcServer server;
    private readonly WorkerChannel channel;
    private readonly ChildProcess process;

    private FunctionsWorker(FunctionApp app, RpcServer server, ILogger log)
    {
        this.app = app;
        this.server = server;
        channel = new WorkerChannel(entry => Log(entry, log));
        server.Register(id, channel);
        process = Launch();
        Exited = WatchAsync();
    }

    public int ProcessId => process.Id;

    /// <summary>The exit code, once the process has ended and its pending requests have failed.</summary>
    public Task<int> Exited { get; }

    /// <summary>The address of the web server of the worker.</summary>
    public Uri HttpAddress { get; private set; } = null!;

    public IReadOnlyList<FunctionMetadata> Functions { get; private set; } = [];

    /// <summary>Starts the process and loads its functions.</summary>
    /// <exception cref="LocalSystemException">The worker did not become ready.</exception>
    public static async Task<FunctionsWorker> StartAsync(FunctionApp app, RpcServer server, ILogger log, CancellationToken cancellationToken)
    {
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        starting.CancelAfter(StartTimeout);
        var worker = new FunctionsWorker(app, server, log);
        try
        {
            await worker.LoadAsync(starting.Token);
            return worker;
        }
        catch (Exception exception)
        {
            await worker.DisposeAsync();
            if (exception is WorkerExitedException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                var reason = exception is WorkerExitedException ? exception.Message : $"It was not ready after {StartTimeout.TotalSeconds:0} s.";
                throw new LocalSystemException($"The Functions worker did not start. {reason} Its output is above.");
            }

            throw;
        }
    }

    /// <summary>Invokes a function.</summary>
    /// <returns>The result status.</returns>
    /// <exception cref="WorkerExitedException">The process ended before the invocation completed.</exception>
    public async Task<StatusResult> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken) =>
        (await channel.RequestAsync(new StreamingMessage { InvocationRequest = request }, cancellationToken)).InvocationResponse.Result;

    /// <summary>Cancels the token of an invocation; its response follows as usual.</summary>
    public void Cancel(string invocationId)
    {
        try
        {
            channel.Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = invocationId } });
        }
        catch (WorkerExitedException)
        {
            // The invocation has failed because the process ended.
        }
    }

    /// <summary>Terminates the process, and kills it after a timeout.</summary>
    public async Task TerminateAsync()
    {
        try
        {
            channel.Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate { GracePeriod = Duration.FromTimeSpan(TerminateGracePeriod) } });
            await Exited.WaitAsync(ExitTimeout);
        }
        catch (Exception exception) when (exception is TimeoutException or WorkerExitedException)
        {
            Kill();
        }
    }

    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        server.Unregister(id);
        await process.DisposeAsync();
    }

    /// <remarks>
    /// With setpriv the kernel kills the worker when this process ends for any reason. The worker itself keeps running when the gRPC
    /// stream breaks.
    /// </remarks>
    private ChildProcess Launch() => ChildProcess.Start(
        "Functions worker",
        [
            "setpriv", "--pdeathsig", "KILL", app.Executable, app.WorkerFile,
            "--functions-uri", server.Address.ToString(), "--functions-worker-id", id, "--functions-request-id", Guid.NewGuid().ToString(),
            "--functions-grpc-max-message-length", int.MaxValue.ToString(CultureInfo.InvariantCulture),
        ],
        new Dictionary<string, string>
        {
            ["FUNCTIONS_APPLICATION_DIRECTORY"] = app.Folder,
            ["FUNCTIONS_WORKER_DIRECTORY"] = app.Folder,
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
        },
        logFile: null,
        Console.WriteLine);

    private async Task<int> WatchAsync()
    {
        var exitCode = await process.WaitAsync(CancellationToken.None);
        channel.Close(new WorkerExitedException($"The worker process {process.Id} ended with the exit code {exitCode}."));
        return exitCode;
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        await channel.Started.WaitAsync(cancellationToken);
        var init = new WorkerInitRequest { HostVersion = "4.0.0", WorkerDirectory = app.Folder, FunctionAppDirectory = app.Folder };
        var initialised = (await channel.RequestAsync(new StreamingMessage { WorkerInitRequest = init }, cancellationToken)).WorkerInitResponse;
        ThrowIfFailed(initialised.Result, "The worker could not be initialised");
        HttpAddress = new Uri(initialised.Capabilities["HttpUri"]);

        var request = new FunctionsMetadataRequest { FunctionAppDirectory = app.Folder };
        var metadata = (await channel.RequestAsync(new StreamingMessage { FunctionsMetadataRequest = request }, cancellationToken)).FunctionMetadataResponse;
        ThrowIfFailed(metadata.Result, "The worker could not list its functions");
        foreach (var function in metadata.FunctionMetadataResults)
        {
            var load = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function };
            var loaded = (await channel.RequestAsync(new StreamingMessage { FunctionLoadRequest = load }, cancellationToken)).FunctionLoadResponse;
            ThrowIfFailed(loaded.Result, $"The function '{function.Name}' could not be loaded");
        }

        Functions = [.. metadata.FunctionMetadataResults.Select(function => FunctionMetadata.Parse(function.FunctionId, function.Name, function.RawBindings))];
        await WaitForWebServerAsync(cancellationToken);
    }

    private async Task WaitForWebServerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(HttpAddress.Host, HttpAddress.Port, cancellationToken);
                return;
            }
            catch (SocketException) when (!Exited.IsCompleted)
            {
                await Task.Delay(20, cancellationToken);
            }
        }
    }

    private static void ThrowIfFailed(StatusResult result, string what)
    {
        if (result.Status != StatusResult.Types.Status.Success)
        {
            throw new LocalSystemException($"{what}: {result.Exception?.Message}");
        }
    }

    /// <summary>Logs the messages of the worker itself.</summary>
    /// <remarks>Logs of functions are ignored, as in the Functions host: functions write them to the console and to OpenTelemetry.</remarks>
    private static void Log(RpcLog entry, ILogger log)
    {
        if (entry.LogCategory == RpcLog.Types.RpcLogCategory.System && entry.Level is >= RpcLog.Types.Level.Warning and < RpcLog.Types.Level.None)
        {
            log.Log((LogLevel)entry.Level, "{Category}: {Message} {Exception}", entry.Category, entry.Message, entry.Exception?.Message);
        }
    }
}
