using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

/// <summary>Which requests enter the queue, and that canceled ones leave it.</summary>
public sealed class QueueCapacityTests(Emulator emulator) : ServingTest(emulator)
{
    [Fact]
    public async Task A_full_queue_rejects_the_next_text()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b"); // and no base, so that the first must wait
        Options = Options with { QueueCapacity = 1 };
        var classifier = NewClassifier();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var first = classifier.ClassifyAsync(null, "text", leaving.Token);
        Assert.Equal(1, classifier.Status.InFlight);

        await Assert.ThrowsAsync<QueueFullException>(() => classifier.ClassifyAsync(null, "text", CancellationToken));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(0, classifier.Status.InFlight);
    }

    [Fact]
    public async Task A_batch_is_accepted_as_a_whole_or_not_at_all()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b"); // and no base, so that the first must wait
        Options = Options with { QueueCapacity = 4 };
        var classifier = NewClassifier();
        var first = classifier.ClassifyAsync(null, ["one", "two"], CancellationToken);

        await Assert.ThrowsAsync<QueueFullException>(() => classifier.ClassifyAsync(null, ["three", "four", "five"], CancellationToken));
        Assert.Equal(2, classifier.Status.InFlight);
        await UploadBaseAsync();
        var predictions = await first;
        string[] moreThanTheCapacity = ["1", "2", "3", "4", "5"];
        var more = await classifier.ClassifyAsync(null, moreThanTheCapacity, CancellationToken); // while the queue is empty

        Assert.Equal((2, 5, 0), (predictions.Length, more.Length, classifier.Status.InFlight));
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
}
