using System.Collections.Concurrent;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.Hosting;

namespace Serverless.UnitTests.Local;

public sealed class QueueListenerTests(Emulator emulator) : IAsyncLifetime
{
    private static readonly QueueSettings Quick = new()
    {
        VisibilityTimeout = TimeSpan.Zero,
        MaxPollingInterval = TimeSpan.FromMilliseconds(100),
        MessageVisibility = TimeSpan.FromSeconds(2),
    };

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private readonly Calls calls = new();
    private QueueServiceClient queues = null!;
    private QueueClient queue = null!;

    public async ValueTask InitializeAsync()
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        queues = new QueueServiceClient(connectionString);
        queue = queues.GetQueueClient("words");
        await queue.CreateAsync(cancellationToken: Ended);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_message_is_handed_over_as_it_came_and_deleted()
    {
        await queue.SendMessageAsync("Größe", Ended);

        await using var listener = await ListenAsync(Quick);
        await Eventually.TrueAsync(async () => calls.Texts is ["Größe"] && await CountAsync("words") == 0);
    }

    [Fact]
    public async Task A_message_that_fails_is_tried_again_until_it_goes_to_the_poison_queue_as_it_came()
    {
        await queue.SendMessageAsync("fail", Ended);

        await using var listener = await ListenAsync(Quick with { MaxDequeueCount = 3 });
        await Eventually.TrueAsync(async () => await CountAsync("words") == 0 && await CountAsync("words-poison") == 1);

        Assert.Equal(["fail", "fail", "fail"], calls.Texts);
        var poison = await queues.GetQueueClient("words-poison").ReceiveMessageAsync(cancellationToken: Ended);
        Assert.Equal("fail", poison.Value.Body.ToString());
    }

    [Fact]
    public async Task A_message_stays_hidden_for_as_long_as_it_is_worked_on()
    {
        await queue.SendMessageAsync("wait", Ended);

        await using (await ListenAsync(Quick with { MessageVisibility = TimeSpan.FromSeconds(1) }))
        {
            await Task.Delay(TimeSpan.FromSeconds(3), Ended);
            calls.Gate.SetResult();
            await Eventually.TrueAsync(async () => await CountAsync("words") == 0);
        }

        Assert.Equal(["wait"], calls.Texts);
    }

    [Fact]
    public async Task No_more_messages_are_worked_on_than_host_json_allows()
    {
        for (var i = 0; i < 12; i++)
        {
            await queue.SendMessageAsync("wait", Ended);
        }

        await using var listener = await ListenAsync(Quick with { BatchSize = 4, NewBatchThreshold = 2, MessageVisibility = TimeSpan.FromMinutes(1) });
        await Eventually.TrueAsync(() => calls.Texts.Count >= 4);
        await Task.Delay(500, Ended);
        var atOnce = calls.Texts.Count;
        calls.Gate.SetResult();
        await Eventually.TrueAsync(() => calls.Texts.Count == 12);

        Assert.InRange(atOnce, 4, 6);
    }

    [Fact]
    public async Task A_message_in_flight_when_the_host_stops_is_visible_again_at_once()
    {
        await queue.SendMessageAsync("wait", Ended);

        await using (await ListenAsync(Quick with { MessageVisibility = TimeSpan.FromMinutes(10) }))
        {
            await Eventually.TrueAsync(() => calls.Texts.Count == 1);
        }

        Assert.Equal("wait", (await queue.ReceiveMessageAsync(cancellationToken: Ended)).Value.Body.ToString());
    }

    private async Task<Listening> ListenAsync(QueueSettings rules)
    {
        var settings = new HostSettings { Queues = rules, DrainTime = TimeSpan.FromMilliseconds(100) };
        var listener = new QueueListener("Words", queue, queues, calls.AddAsync, settings, NullLogger<QueueListener>.Instance);
        await listener.StartAsync(Ended);
        return new Listening(listener);
    }

    private async Task<int> CountAsync(string name)
    {
        var client = queues.GetQueueClient(name);
        return await client.ExistsAsync(Ended) ? (await client.GetPropertiesAsync(Ended)).Value.ApproximateMessagesCount : 0;
    }

    private sealed record Listening(QueueListener Listener) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Listener.StopAsync(CancellationToken.None);
            Listener.Dispose();
        }
    }

    /// <summary>Plays the function: records each text, fails on "fail", and waits on "wait".</summary>
    private sealed class Calls
    {
        private readonly ConcurrentQueue<string> texts = [];

        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Texts => [.. texts];

        public async Task AddAsync(QueueMessage message, CancellationToken cancellationToken)
        {
            var text = message.Body.ToString();
            texts.Enqueue(text);
            if (text == "fail")
            {
                throw new InvalidOperationException("As requested.");
            }

            if (text == "wait")
            {
                await Gate.Task.WaitAsync(cancellationToken);
            }
        }
    }
}
