using System.Collections.Concurrent;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.Hosting;

namespace Serverless.UnitTests.Local;

public sealed class BlobListenerTests(Emulator emulator) : IAsyncLifetime
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private readonly ConcurrentQueue<string> calls = [];
    private BlobServiceClient blobs = null!;
    private QueueServiceClient queues = null!;
    private BlobContainerClient container = null!;

    public async ValueTask InitializeAsync()
    {
        var connectionString = await emulator.NewConnectionStringAsync();
        (blobs, queues) = (new BlobServiceClient(connectionString), new QueueServiceClient(connectionString));
        container = blobs.GetBlobContainerClient("letters");
        await container.CreateAsync(cancellationToken: Ended);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_blob_triggers_once_and_again_when_it_is_overwritten()
    {
        await UploadAsync("a/one.txt", "1");
        await ListenUntilAsync(
            () => calls.Count == 1,
            async () =>
            {
                await UploadAsync("a/one.txt", "2");
                await Eventually.TrueAsync(() => calls.Count == 2);
            });

        Assert.Equal(["a/one.txt of a: 1", "a/one.txt of a: 2"], calls);
    }

    [Fact]
    public async Task A_blob_triggers_again_after_a_restart_as_an_event_may()
    {
        await UploadAsync("a/one.txt", "1");
        await ListenUntilAsync(() => calls.Count == 1);
        await ListenUntilAsync(() => calls.Count == 2);

        Assert.Equal(["a/one.txt of a: 1", "a/one.txt of a: 1"], calls);
    }

    [Fact]
    public async Task A_blob_that_does_not_match_the_path_triggers_nothing()
    {
        await UploadAsync("one.txt", "1");
        await UploadAsync("a/two.txt", "2");
        await ListenUntilAsync(() => !calls.IsEmpty);

        Assert.Equal(["a/two.txt of a: 2"], calls);
    }

    [Fact]
    public async Task A_blob_that_always_fails_is_given_up_and_named_in_the_poison_queue()
    {
        await UploadAsync("a/bad.txt", "fail");
        var poison = queues.GetQueueClient("webjobs-blobtrigger-poison");
        await ListenUntilAsync(() => poison.Exists(Ended) && poison.PeekMessages(cancellationToken: Ended).Value.Length == 1);

        Assert.Equal(3, calls.Count);
        Assert.Contains("a/bad.txt", Encoded(poison.PeekMessages(cancellationToken: Ended).Value[0].Body), StringComparison.Ordinal);
    }

    private static string Encoded(BinaryData body) => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(body.ToString()));

    private async Task UploadAsync(string name, string content) =>
        await container.GetBlobClient(name).UploadAsync(BinaryData.FromString(content), overwrite: true, Ended);

    /// <summary>Runs a listener until the condition holds, then for what follows, and for some more listings.</summary>
    private async Task ListenUntilAsync(Func<bool> condition, Func<Task>? then = null)
    {
        var settings = new HostSettings { BlobScanInterval = TimeSpan.FromMilliseconds(100), PoisonBlobThreshold = 3 };
        using var listener = new BlobListener(
            "Letters", new BlobPath("letters/{folder}/{file}"), blobs, queues, RunAsync, settings, NullLogger<BlobListener>.Instance);
        await listener.StartAsync(Ended);
        await Eventually.TrueAsync(condition);
        await (then?.Invoke() ?? Task.CompletedTask);
        await Task.Delay(400, Ended);
        await listener.StopAsync(CancellationToken.None);
    }

    /// <summary>Plays the function: records each blob, and fails on "fail".</summary>
    private async Task RunAsync(BlobClient blob, IReadOnlyDictionary<string, string?> parts, CancellationToken cancellationToken)
    {
        var content = (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToString();
        calls.Enqueue($"{blob.Name} of {parts["folder"]}: {content}");
        if (content == "fail")
        {
            throw new InvalidOperationException("As requested.");
        }
    }
}
