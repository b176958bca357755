using Azure.Storage.Blobs.Specialized;
using Serverless.Storage;
using Serverless.Trainer.Jobs;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>Trainings that ended early: stopped, failed, killed or without the lease.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class TrainingInterruptionTests(Emulator emulator) : TrainingWorkerTest(emulator)
{
    [Fact]
    public async Task A_training_that_failed_for_good_leaves_no_checkpoint()
    {
        var baseFolder = Path.Combine(Folder.Path, "diverging");
        ToyModel.WriteBase(baseFolder);
        Folder.File("diverging/training.json", (ToyTask.Options with { LearningRate = 1e38, SaveSteps = 1 }).ToJson());
        await Registry.Bases.UploadAsync("tests/diverging", baseFolder, CancellationToken);
        await LeaveCheckpointAsync(await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1)));

        Assert.True(await RunAsync("tests/diverging"));

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Failed, run.State);
        Assert.Contains("--learning-rate", run.Reason, StringComparison.Ordinal);
        Assert.Equal(0, await CheckpointLengthAsync());
    }

    [Fact]
    public async Task The_checkpoint_of_another_request_stays_for_it()
    {
        await LeaveCheckpointAsync(await UploadAsync("topics/a.csv", ToyTask.Csv(150, seed: 1)));
        await RequestAsync("topics/bad.csv", "text,label\na,left\n");

        Assert.True(await RunAsync());

        Assert.NotEqual(0, await CheckpointLengthAsync());
    }

    [Fact]
    public async Task The_row_of_a_killed_trainer_is_closed_by_its_successor()
    {
        await Runs.WriteAsync(new TrainingRun(Classifier, "20260101-000000-000") { State = TrainingState.Running, Dataset = "topics/bad.csv" }, CancellationToken);
        await RequestAsync("topics/bad.csv", "text,label\na,left\n");

        await RunAsync();

        var orphan = (await Runs.ListAsync(Classifier, CancellationToken))[0];
        Assert.Equal((TrainingState.Failed, "The trainer was killed; its request has returned to the queue."), (orphan.State, orphan.Reason));
    }

    [Theory]
    [InlineData(TrainingState.Running)] // it was killed
    [InlineData(TrainingState.Failed)] // it was stopped, or the answer was lost
    public async Task A_trainer_that_ended_between_the_pointer_and_its_row_has_published_all_the_same(TrainingState state)
    {
        var request = await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));
        await RunAsync();
        var published = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        await Runs.WriteAsync(published with { State = state, Reason = null, FinishedAt = null }, CancellationToken);
        await SendAsync(request);

        Assert.True(await RunAsync());

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal((published.Version, TrainingState.Published), (run.Version, run.State));
        Assert.Equal(published.Version, await ServingAsync());
    }

    [Fact]
    public async Task A_stopped_trainer_gives_its_request_back_at_once()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(2000, seed: 1));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var running = Task.Run(() => Worker().RunAsync(drain: true, stop.Token), CancellationToken);
        while (!Log.ToString().Contains("options {", StringComparison.Ordinal))
        {
            await Task.Delay(20, CancellationToken);
        }

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(TrainingState.Failed, Assert.Single(await Runs.ListAsync(Classifier, CancellationToken)).State);
        var again = await Storage.Queue(StorageNames.TrainingRequestsQueue).ReceiveMessageAsync(cancellationToken: CancellationToken);
        Assert.Equal(2, again.Value.DequeueCount);
        Assert.NotEqual(0, await CheckpointLengthAsync());
    }

    [Fact]
    public async Task A_lease_that_was_broken_ends_the_work()
    {
        await using var lease = await ClassifierLease.TryAcquireAsync(Storage, Classifier, new FastTime(), CancellationToken);
        var blob = Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(Classifier));

        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: CancellationToken);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), lease!.Lost));
    }
}
