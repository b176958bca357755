using Serverless.Storage;
using Serverless.Trainer.Jobs;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>Requests in the queue: which are trained on, which wait and which are set aside.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class TrainingRequestTests(Emulator emulator) : TrainingWorkerTest(emulator)
{
    [Fact]
    public async Task The_same_data_set_is_not_trained_on_twice()
    {
        var request = await RequestAsync("topics/bad.csv", "text,label\na,left\n");
        await RunAsync();
        await LeaveCheckpointAsync(request); // by a trainer that was killed when it had only to tidy up
        await SendAsync(request);

        Assert.True(await RunAsync());

        Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Contains("was trained on already", Log.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await CheckpointLengthAsync());
    }

    [Fact]
    public async Task A_data_set_that_was_replaced_since_is_left_to_its_newer_request()
    {
        var request = await UploadAsync("topics/a.csv", "text,label\na,left\n");
        await UploadAsync("topics/a.csv", ToyTask.Csv(20, seed: 1));
        await SendAsync(request);

        Assert.True(await RunAsync());

        Assert.Contains("has been replaced since", Assert.Single(await Runs.ListAsync(Classifier, CancellationToken)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_another_trainer_has_the_classifier_the_request_waits()
    {
        var queue = Storage.Queue(StorageNames.TrainingRequestsQueue);
        var request = await UploadAsync("topics/a.csv", ToyTask.Csv(20, seed: 1));
        var sent = (await queue.SendMessageAsync(request.ToJson(), CancellationToken)).Value;
        await using var lease = await ClassifierLease.TryAcquireAsync(Storage, Classifier, TimeProvider.System, CancellationToken);

        Assert.True(await RunAsync());

        Assert.Empty(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(1, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
        // Waiting is no failed try: what waits is a copy, counted anew, so that a long training never sets the next request aside.
        var gone = await Assert.ThrowsAsync<Azure.RequestFailedException>(() => queue.DeleteMessageAsync(sent.MessageId, sent.PopReceipt, CancellationToken));
        Assert.Equal("MessageNotFound", gone.ErrorCode);
    }

    [Fact]
    public async Task A_request_that_killed_its_trainer_too_often_is_set_aside()
    {
        await Runs.WriteAsync(new TrainingRun(Classifier, "20260101-000000-000") { State = TrainingState.Running, Dataset = "topics/a.csv" }, CancellationToken);
        await LeaveCheckpointAsync(await RequestAsync("topics/a.csv", ToyTask.Csv(20, seed: 1)));
        for (var attempt = 0; attempt < 5; attempt++)
        {
            await Storage.Queue(StorageNames.TrainingRequestsQueue).ReceiveMessageAsync(TimeSpan.FromSeconds(1), CancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(1.1), CancellationToken);
        }

        Assert.True(await RunAsync());

        Assert.Equal(TrainingState.Failed, Assert.Single(await Runs.ListAsync(Classifier, CancellationToken)).State);
        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
        Assert.Equal(1, await QueueLengthAsync(StorageNames.TrainingRequestsPoisonQueue));
        Assert.Equal(0, await CheckpointLengthAsync());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"dataset":"x/a.csv","eTag":"1","classifier":"../x","requestedAt":"2026-01-01T00:00:00Z"}""")]
    public async Task A_message_that_is_no_request_is_set_aside(string body)
    {
        await Storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(body, CancellationToken);

        Assert.True(await RunAsync());

        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
        Assert.Equal(1, await QueueLengthAsync(StorageNames.TrainingRequestsPoisonQueue));
    }

    [Fact]
    public async Task A_message_is_kept_while_it_is_worked_on_and_its_newest_receipt_deletes_it()
    {
        await Storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync("work", CancellationToken);
        var received = (await Storage.Queue(StorageNames.TrainingRequestsQueue).ReceiveMessageAsync(TrainingMessage.Visibility, CancellationToken)).Value;
        // A renewal has a second and a half, and two pass between them: time for a machine that is busy.
        var clock = new FastTime(times: 20);
        await using var message = new TrainingMessage(Storage.Queue(StorageNames.TrainingRequestsQueue), received, clock);
        await clock.FirstReset.WaitAsync(TimeSpan.FromMinutes(1), CancellationToken); // the first renewal has been answered

        var stale = await Assert.ThrowsAsync<Azure.RequestFailedException>(
            () => Storage.Queue(StorageNames.TrainingRequestsQueue).DeleteMessageAsync(received.MessageId, received.PopReceipt, CancellationToken));
        Assert.Equal("PopReceiptMismatch", stale.ErrorCode);
        await message.CompleteAsync(CancellationToken);

        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
    }
}
