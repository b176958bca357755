using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Worker;

namespace Serverless.Local.Hosting;

/// <summary>Invokes functions in the worker, with the time limit of host.json.</summary>
internal sealed class FunctionInvoker(WorkerSupervisor workers, HostSettings settings, ILogger<FunctionInvoker> log)
{
    // How long a function may run after its token is cancelled.
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(5);

    /// <summary>Invokes a function in the current worker, or in the next one while it restarts.</summary>
    /// <param name="function">The function.</param>
    /// <param name="trigger">The value of its trigger parameter.</param>
    /// <param name="triggerMetadata">Values of parameters by name, such as the parts of a blob path.</param>
    /// <param name="cancellationToken">Cancels the function's token.</param>
    /// <exception cref="FunctionFailedException">The function failed.</exception>
    public async Task InvokeAsync(
        FunctionMetadata function, TypedData trigger, IReadOnlyDictionary<string, string?> triggerMetadata, CancellationToken cancellationToken)
    {
        var worker = await workers.GetAsync(cancellationToken);
        await InvokeAsync(worker, Guid.NewGuid().ToString(), function, trigger, triggerMetadata, cancellationToken);
    }

    /// <inheritdoc cref="InvokeAsync(FunctionMetadata, TypedData, IReadOnlyDictionary{string, string?}, CancellationToken)"/>
    public async Task InvokeAsync(
        FunctionsWorker worker,
        string invocationId,
        FunctionMetadata function,
        TypedData trigger,
        IReadOnlyDictionary<string, string?> triggerMetadata,
        CancellationToken cancellationToken)
    {
        var request = new InvocationRequest
        {
            InvocationId = invocationId,
            FunctionId = function.Id,
            InputData = { new ParameterBinding { Name = function.Parameter, Data = trigger } },
            TraceContext = new RpcTraceContext { TraceParent = Activity.Current?.Id ?? "", TraceState = Activity.Current?.TraceStateString ?? "" },
        };
        foreach (var (name, value) in triggerMetadata)
        {
            request.TriggerMetadata.Add(name, new TypedData { String = value ?? "" });
        }

        using var timeout = new CancellationTokenSource(settings.FunctionTimeout);
        await using var cancelling = cancellationToken.Register(() =>
        {
            worker.Cancel(invocationId);
            timeout.CancelAfter(CancellationGrace);
        });
        try
        {
            ThrowIfFailed(function, await worker.InvokeAsync(request, timeout.Token), cancellationToken);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // As in the Functions host, the worker process is restarted when a function exceeds functionTimeout.
            log.LogError("{Function} ran longer than functionTimeout ({Timeout}): the worker process is restarted", function.Name, settings.FunctionTimeout);
            worker.Kill();
            throw new FunctionFailedException($"{function.Name} ran longer than functionTimeout ({settings.FunctionTimeout}).");
        }
    }

    private static void ThrowIfFailed(FunctionMetadata function, StatusResult result, CancellationToken cancellationToken)
    {
        if (result.Status == StatusResult.Types.Status.Success)
        {
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw new FunctionFailedException($"{function.Name}: {result.Exception?.Message ?? "failed"}\n{result.Exception?.StackTrace}".TrimEnd());
    }
}

/// <summary>A function threw an exception. The message contains the stack trace of the worker.</summary>
internal sealed class FunctionFailedException(string message) : Exception(message);
