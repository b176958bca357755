using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

/// <summary>Which requests enter the queue, and that canceled ones leave it.</summary>
public sealed class QueueCapacityTests(Emulator emulator) : ServingTest(emulator)
{
    [Fact]
    public async Task A_full_queue_rejects_the_next_text()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        Options = Options with { QueueCapacity = 64, MaxBatch = 1 };
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        var first = classifier.ClassifyAsync(null, Texts(64), CancellationToken);
        Assert.Equal(64, classifier.Status.InFlight);

        await Assert.ThrowsAsync<QueueFullException>(() => classifier.ClassifyAsync(null, "text", CancellationToken));

        await first;
        Assert.Equal(0, classifier.Status.InFlight);
    }

    [Fact]
    public async Task A_batch_is_accepted_as_a_whole_or_not_at_all()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        Options = Options with { QueueCapacity = 65, MaxBatch = 1 };
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        var first = classifier.ClassifyAsync(null, Texts(64), CancellationToken);

        await Assert.ThrowsAsync<QueueFullException>(() => classifier.ClassifyAsync(null, Texts(2), CancellationToken));
        Assert.Equal(64, classifier.Status.InFlight);
        await first;
        var more = await classifier.ClassifyAsync(null, Texts(66), CancellationToken); // while the queue is empty

        Assert.Equal((66, 0), (more.Length, classifier.Status.InFlight));
    }

    [Fact]
    public async Task Texts_of_a_classifier_that_cannot_be_loaded_take_no_room_from_another()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        await ToyModel.PublishAsync(Registry, "broken", "v1", 1, "a", "b");
        await ReplaceAsync("adapters/broken/v1/labels.json", null);
        Options = Options with { QueueCapacity = 8 };
        var classifier = NewClassifier();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var waiting = Enumerable.Range(0, 4).Select(_ => Record.ExceptionAsync(() => classifier.ClassifyAsync("broken", Texts(8), leaving.Token)).AsTask()).ToList();
        await UntilAsync(() => classifier.Status.Classifiers.Any(status => status.State == ModelState.Failed));

        var healthy = await classifier.ClassifyAsync("news", Texts(8), CancellationToken);

        Assert.Equal(8, healthy.Length);
        Assert.Equal(0, classifier.Status.InFlight);
        await leaving.CancelAsync();
        Assert.All(await Task.WhenAll(waiting), exception => Assert.IsAssignableFrom<OperationCanceledException>(exception));
    }

    [Fact]
    public async Task A_text_of_the_queue_is_accepted_however_many_came_over_HTTP()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        Options = Options with { QueueCapacity = 64, MaxBatch = 1 };
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        var overHttp = classifier.ClassifyAsync(null, Texts(64), CancellationToken);

        var prediction = await classifier.ClassifyQueuedAsync("news", "text", CancellationToken);

        Assert.Equal("v1", prediction.ModelVersion);
        await overHttp;
    }

    [Fact]
    public async Task A_text_of_the_queue_does_not_wait_for_a_load_that_is_retried()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b"); // and no base
        Options = Options with { LoadWait = TimeSpan.FromMinutes(3) };
        var classifier = NewClassifier();

        var exception = await Assert.ThrowsAsync<ModelNotReadyException>(() => classifier.ClassifyQueuedAsync("news", "text", CancellationToken));

        Assert.Contains("There is no base model", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canceled_request_ends_at_once()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);

        var canceled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => classifier.ClassifyAsync(null, "text", canceled));
    }

    private static string[] Texts(int count) => [.. Enumerable.Range(0, count).Select(i => $"text {i}")];
}
