using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;

namespace Serverless.Local.Hosting.Worker;

/// <summary>The host side of the gRPC stream of one worker process: requests and their responses, cancellations, logs.</summary>
internal sealed class WorkerChannel(Action<RpcLog> onLog)
{
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> pending = new();

    // A gRPC stream accepts one write at a time, and there are several senders.
    private readonly Channel<StreamingMessage> outgoing = Channel.CreateUnbounded<StreamingMessage>(new UnboundedChannelOptions { SingleReader = true });
    private volatile Exception? closed;

    /// <summary>Completes when the worker has opened its stream.</summary>
    public Task Started => started.Task;

    /// <summary>Sends a request.</summary>
    /// <returns>The response with the same request id.</returns>
    /// <exception cref="WorkerExitedException">The worker ended before it responded.</exception>
    public async Task<StreamingMessage> RequestAsync(StreamingMessage request, CancellationToken cancellationToken)
    {
        request.RequestId = Guid.NewGuid().ToString();
        var response = pending.GetOrAdd(request.RequestId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            Send(request);
            return await response.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            pending.TryRemove(request.RequestId, out _);
        }
    }

    /// <summary>Sends a message that has no response.</summary>
    /// <exception cref="WorkerExitedException">The worker has ended.</exception>
    public void Send(StreamingMessage message)
    {
        if (!outgoing.Writer.TryWrite(message) || closed is not null)
        {
            throw closed ?? new WorkerExitedException("The worker has closed its stream.");
        }
    }

    /// <summary>Serves the stream until the worker closes it.</summary>
    public async Task ServeAsync(
        IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> responses, CancellationToken cancellationToken)
    {
        started.TrySetResult();
        var sending = SendAllAsync(responses, cancellationToken);
        await foreach (var message in incoming.ReadAllAsync(cancellationToken))
        {
            if (message.RpcLog is { } entry)
            {
                onLog(entry);
            }
            else if (pending.TryGetValue(message.RequestId, out var response))
            {
                response.TrySetResult(message);
            }
        }

        outgoing.Writer.TryComplete();
        await sending;
    }

    /// <summary>Fails all pending and all later requests.</summary>
    public void Close(WorkerExitedException exception)
    {
        closed = exception;
        outgoing.Writer.TryComplete();
        started.TrySetException(exception);
        foreach (var response in pending.Values)
        {
            response.TrySetException(exception);
        }
    }

    private async Task SendAllAsync(IServerStreamWriter<StreamingMessage> worker, CancellationToken cancellationToken)
    {
        await foreach (var message in outgoing.Reader.ReadAllAsync(cancellationToken))
        {
            await worker.WriteAsync(message, cancellationToken);
        }
    }
}
