using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;

namespace Serverless.EndToEndTests.Worker;

/// <summary>The host's end of the one call that a worker makes: both send messages for as long as it lasts, and answers carry the id of their request.</summary>
internal sealed class WorkerStream : FunctionRpc.FunctionRpcBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TaskCompletionSource<string> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> asked = new();

    // A stream takes one message at a time, and several callers send.
    private readonly Channel<StreamingMessage> outgoing = Channel.CreateUnbounded<StreamingMessage>();

    /// <summary>The id that the worker names itself by, once it has called.</summary>
    public Task<string> StartedAsync() => started.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    public async Task<StreamingMessage> AskAsync(StreamingMessage message)
    {
        message.RequestId = Guid.NewGuid().ToString();
        var answer = asked.GetOrAdd(message.RequestId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        await outgoing.Writer.WriteAsync(message, TestContext.Current.CancellationToken);
        return await answer.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    public override async Task EventStream(IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        var sending = SendAsync(responseStream, context.CancellationToken);
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            Take(message);
        }

        await sending;
    }

    private async Task SendAsync(IServerStreamWriter<StreamingMessage> worker, CancellationToken cancellationToken)
    {
        await foreach (var message in outgoing.Reader.ReadAllAsync(cancellationToken))
        {
            await worker.WriteAsync(message, cancellationToken);
        }
    }

    /// <summary>Logs come without an id, and nobody waits for them.</summary>
    private void Take(StreamingMessage message)
    {
        if (message.StartStream is { } start)
        {
            started.TrySetResult(start.WorkerId);
        }
        else if (asked.TryRemove(message.RequestId, out var answer))
        {
            answer.SetResult(message);
        }
    }
}
