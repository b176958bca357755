using System.Collections.Concurrent;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
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
    private QueueServiceClient raw = null!;
    private QueueClient queue = null!;

    public async ValueTask InitializeAsync()
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        raw = new QueueServiceClient(connectionString);
        queue = new QueueServiceClient(connectionString, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }).GetQueueClient("words");
        await queue.CreateAsync(cancellationToken: Ended);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_message_is_decoded_handed_over_and_deleted()
    {
        await queue.SendMessageAsync("Größe", Ended);

        await using var listener = await ListenAsync(Quick);
        await Eventually(async () => calls.Texts is ["Größe"] && await CountAsync("words") == 0);
    }

    [Fact]
    public async Task A_message_that_fails_is_tried_again_until_it_goes_to_the_poison_queue_as_it_came()
    {
        await queue.SendMessageAsync("fail", Ended);

        await using var listener = await ListenAsync(Quick with { MaxDequeueCount = 3 });
        await Eventually(async () => await CountAsync("words") == 0 && await CountAsync("words-poison") == 1);

        Assert.Equal(["fail", "fail", "fail"], calls.Texts);
        var poison = await raw.GetQueueClient("words-poison").ReceiveMessageAsync(cancellationToken: Ended);
        Assert.Equal(Convert.ToBase64String("fail"u8), poison.Value.Body.ToString());
    }

    [Fact]
    public async Task A_message_that_is_not_base64_goes_to_the_poison_queue_and_stops_no_other()
    {
        await raw.GetQueueClient("words").SendMessageAsync("*not base64*", Ended);
        await queue.SendMessageAsync("fine", Ended);

        await using var listener = await ListenAsync(Quick);
        await Eventually(async () => calls.Texts is ["fine"] && await CountAsync("words-poison") == 1);
    }

    [Fact]
    public async Task A_message_stays_hidden_for_as_long_as_it_is_worked_on()
    {
        await queue.SendMessageAsync("wait", Ended);

        await using (await ListenAsync(Quick with { MessageVisibility = TimeSpan.FromSeconds(1) }))
        {
            await Task.Delay(TimeSpan.FromSeconds(3), Ended);
            calls.Gate.SetResult();
            await Eventually(async () => await CountAsync("words") == 0);
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
        await Eventually(() => Task.FromResult(calls.Texts.Count >= 4));
        await Task.Delay(500, Ended);
        var atOnce = calls.Texts.Count;
        calls.Gate.SetResult();
        await Eventually(() => Task.FromResult(calls.Texts.Count == 12));

        Assert.InRange(atOnce, 4, 6);
    }

    [Fact]
    public async Task A_message_in_flight_when_the_host_stops_is_visible_again_at_once()
    {
        await queue.SendMessageAsync("wait", Ended);

        await using (await ListenAsync(Quick with { MessageVisibility = TimeSpan.FromMinutes(10) }))
        {
            await Eventually(() => Task.FromResult(calls.Texts.Count == 1));
        }

        Assert.Equal("wait", (await queue.ReceiveMessageAsync(cancellationToken: Ended)).Value.Body.ToString());
    }

    private async Task<Listening> ListenAsync(QueueSettings rules)
    {
        var services = new ServiceCollection().AddSingleton(calls).BuildServiceProvider();
        var settings = new HostSettings { Queues = rules, DrainTime = TimeSpan.FromMilliseconds(100) };
        var function = Assert.Single(Function.Of([typeof(Words)]));
        var listener = new QueueListener(function, new FunctionInvoker(services.GetRequiredService<IServiceScopeFactory>(), NullLogger<FunctionInvoker>.Instance), raw, settings, NullLogger<QueueListener>.Instance);
        await listener.StartAsync(Ended);
        return new Listening(listener, services);
    }

    private async Task<int> CountAsync(string name)
    {
        var client = raw.GetQueueClient(name);
        return await client.ExistsAsync(Ended) ? (await client.GetPropertiesAsync(Ended)).Value.ApproximateMessagesCount : 0;
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "It did not come true within 30 seconds.");
            await Task.Delay(50, Ended);
        }
    }

    private sealed record Listening(QueueListener Listener, ServiceProvider Services) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Listener.StopAsync(CancellationToken.None);
            Listener.Dispose();
            await Services.DisposeAsync();
        }
    }

    public sealed class Calls
    {
        private readonly ConcurrentQueue<string> texts = [];

        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Texts => [.. texts];

        public void Add(string text) => texts.Enqueue(text);
    }

    public sealed class Words(Calls calls)
    {
        [Function("Words")]
        public async Task RunAsync([QueueTrigger("words")] QueueMessage message, CancellationToken cancellationToken)
        {
            var text = message.Body.ToString();
            calls.Add(text);
            if (text == "fail")
            {
                throw new InvalidOperationException("As asked.");
            }

            if (text == "wait")
            {
                await calls.Gate.Task.WaitAsync(cancellationToken);
            }
        }
    }
}
