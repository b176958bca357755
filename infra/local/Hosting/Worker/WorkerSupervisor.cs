using Microsoft.Extensions.Logging;

namespace Serverless.Local.Hosting.Worker;

/// <summary>Keeps one worker process running: restarts it when it exits unexpectedly, and terminates it on disposal.</summary>
internal sealed class WorkerSupervisor : IAsyncDisposable
{
    private static readonly TimeSpan MinRestartDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxRestartDelay = TimeSpan.FromSeconds(30);

    /// <summary>After a worker has run for this long, the delay of its restart is the minimum again.</summary>
    private static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource stopping = new();
    private readonly FunctionApp app;
    private readonly RpcServer server;
    private readonly ILogger log;
    private readonly Task supervising;
    private volatile TaskCompletionSource<FunctionsWorker> current = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WorkerSupervisor(FunctionApp app, RpcServer server, FunctionsWorker worker, ILogger log)
    {
        this.app = app;
        this.server = server;
        this.log = log;
        current.SetResult(worker);
        supervising = SuperviseAsync(worker);
    }

    /// <summary>Starts the first worker.</summary>
    /// <exception cref="LocalSystemException">The worker did not become ready.</exception>
    public static async Task<WorkerSupervisor> StartAsync(FunctionApp app, RpcServer server, ILogger log, CancellationToken cancellationToken) =>
        new(app, server, await FunctionsWorker.StartAsync(app, server, log, cancellationToken), log);

    /// <returns>The current worker, or the next one when it is ready.</returns>
    public Task<FunctionsWorker> GetAsync(CancellationToken cancellationToken) => current.Task.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await supervising;
        stopping.Dispose();
    }

    private async Task SuperviseAsync(FunctionsWorker worker)
    {
        var delay = MinRestartDelay;
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            while (true)
            {
                var exitCode = await worker.Exited.WaitAsync(stopping.Token);
                current = new(TaskCreationOptions.RunContinuationsAsynchronously);
                delay = TimeProvider.System.GetElapsedTime(started) > StableAfter ? MinRestartDelay : delay;
                log.LogError(
                    "The worker process {Process} exited with code {ExitCode}; it is restarted in {Seconds} s", worker.ProcessId, exitCode, delay.TotalSeconds);
                await worker.DisposeAsync();
                (worker, delay) = await RestartAsync(delay);
                started = TimeProvider.System.GetTimestamp();
                current.SetResult(worker);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            current.TrySetCanceled();
            await worker.TerminateAsync();
            await worker.DisposeAsync();
        }
    }

    /// <returns>The worker, and the delay before the next restart.</returns>
    private async Task<(FunctionsWorker Worker, TimeSpan NextDelay)> RestartAsync(TimeSpan delay)
    {
        while (true)
        {
            await Task.Delay(delay, stopping.Token);
            delay = delay * 2 < MaxRestartDelay ? delay * 2 : MaxRestartDelay;
            try
            {
                return (await FunctionsWorker.StartAsync(app, server, log, stopping.Token), delay);
            }
            catch (LocalSystemException exception)
            {
                log.LogError("{Message} The next attempt is in {Seconds} s", exception.Message, delay.TotalSeconds);
            }
        }
    }
}
