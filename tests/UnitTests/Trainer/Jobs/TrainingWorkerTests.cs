using Azure.Storage.Blobs.Specialized;
using Serverless.Llama.Files;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Trainer.Data;
using Serverless.Trainer.Jobs;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Data;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary><c>trainer run</c> against the real emulator, with a toy base model.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class TrainingWorkerTests(Emulator emulator) : IAsyncLifetime, IDisposable
{
    private const string Classifier = "topics";

    private readonly TemporaryFolder folder = new();
    private readonly StringWriter log = new();
    private StorageClients storage = null!;
    private ModelRegistry registry = null!;
    private TrainingRuns runs = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        storage = await emulator.NewAccountAsync();
        registry = new ModelRegistry(storage, new TrainingRuns(storage), Path.Combine(folder.Path, "cache"), TimeProvider.System);
        runs = new TrainingRuns(storage);
        var baseFolder = Path.Combine(folder.Path, "base");
        ToyModel.WriteBase(baseFolder);
        folder.File("base/training.json", ToyTask.Options.ToJson());
        await registry.Bases.UploadAsync(ToyModel.Base, baseFolder, CancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public void Dispose()
    {
        folder.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task An_empty_queue_is_no_fault() => Assert.True(await RunAsync());

    [Fact]
    public async Task A_data_set_becomes_a_version_that_serves()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));

        Assert.True(await RunAsync());

        var run = Assert.Single(await runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal((TrainingState.Published, 1.0), (run.State, run.Progress));
        Assert.True(run.Metrics["accuracy"] > 0.8, $"accuracy {run.Metrics["accuracy"]}");
        var version = Assert.Single(await registry.Versions.ListAsync(Classifier, CancellationToken));
        Assert.Superset(
            new HashSet<string> { "report.html", "confusion_matrix.png", "learning_curves.png", "reliability.png", "token_lengths.png" }, version.Manifest.Files.Keys.ToHashSet());
        Assert.Equal((run.Version, "topics/a.csv", ToyModel.Base), (version.Version, version.Manifest.Dataset, version.Manifest.BaseModel));
        Assert.Equal(run.Version, await ServingAsync());
        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
    }

    [Fact]
    public async Task A_parquet_file_of_the_hub_is_a_data_set_too()
    {
        var rows = ToyTask.Csv(150, seed: 1, labels: "0,1").Split('\n').Skip(1).Where(row => row.Length > 0).Select(row => row.Split(',')).ToArray();
        var file = await ToyParquet.BytesAsync([.. rows.Select(row => row[0])], [.. rows.Select(row => long.Parse(row[1], null))], ToyParquet.Names("left", "right"));
        await RequestAsync("topics/train-00000-of-00001.parquet", BinaryData.FromBytes(file));

        Assert.True(await RunAsync());

        Assert.Equal(TrainingState.Published, Assert.Single(await runs.ListAsync(Classifier, CancellationToken)).State);
        var version = await registry.Versions.DownloadAsync(Classifier, (await ServingAsync())!, null, CancellationToken);
        Assert.Equal(["left", "right"], ClassifierMetadata.Read(version.Folder).Labels);
    }

    [Fact]
    public async Task A_data_set_with_a_new_label_replaces_the_serving_version()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));
        await RequestAsync("topics/b.csv", ToyTask.Csv(150, seed: 1) + "zzzzzzzzzz,third\nzzzzzzzzzzzzz,third\nzzzz zzzzzz,third\n");

        Assert.True(await RunAsync());

        var all = await runs.ListAsync(Classifier, CancellationToken);
        Assert.Equal([TrainingState.Published, TrainingState.Published], all.Select(run => run.State));
        Assert.Contains("only the new version knows: third", all[1].Reason, StringComparison.Ordinal);
        Assert.Contains("The gate is weak", all[1].Reason, StringComparison.Ordinal);
        Assert.Equal(all[1].Version, await ServingAsync());
    }

    [Fact]
    public async Task A_clock_that_was_set_back_a_year_does_not_prevent_publication()
    {
        var clock = new JumpingClock();
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));
        Assert.True(await Worker(clock: clock).RunAsync(drain: true, CancellationToken));
        var first = await ServingAsync();
        clock.Jump = TimeSpan.FromDays(-365);
        await RequestAsync("topics/b.csv", ToyTask.Csv(150, seed: 2));

        Assert.True(await Worker(clock: clock).RunAsync(drain: true, CancellationToken));

        var all = await runs.ListAsync(Classifier, CancellationToken);
        Assert.Equal([TrainingState.Published, TrainingState.Published], all.Select(run => run.State));
        Assert.Equal(all.Single(run => run.Dataset == "topics/b.csv").Version, await ServingAsync());
        Assert.NotEqual(first, await ServingAsync());
    }

    [Fact]
    public async Task A_version_that_is_worse_than_the_serving_one_is_kept_but_does_not_serve()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));
        await RunAsync();
        var good = await ServingAsync();
        var spoilt = ToyTask.Csv(120, seed: 2, swapped: true).Replace("label\n", "label,split\n", StringComparison.Ordinal).Replace("left\n", "left,train\n", StringComparison.Ordinal).Replace("right\n", "right,train\n", StringComparison.Ordinal)
            + ToyTask.Rows(60, new Random(3), i => i % 2 == 0 ? "left,held-out" : "right,held-out");
        await RequestAsync("topics/spoilt.csv", spoilt);

        Assert.True(await RunAsync());

        var run = (await runs.ListAsync(Classifier, CancellationToken))[^1];
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains("worse than the serving one", run.Reason, StringComparison.Ordinal);
        Assert.Equal(good, await ServingAsync());
        Assert.Equal(2, (await registry.Versions.ListAsync(Classifier, CancellationToken)).Count);
    }

    [Fact]
    public async Task If_the_serving_version_is_damaged_the_baseline_is_the_one_before_it()
    {
        await ToyModel.PublishAsync(registry, Classifier, "v1", seed: 1, "left", "right");
        await ToyModel.PublishAsync(registry, Classifier, "v2", seed: 2, "left", "right");
        await storage.Container(StorageNames.ModelsContainer).DeleteBlobAsync($"{StorageNames.VersionFolder(Classifier, "v2")}labels.json", cancellationToken: CancellationToken);

        Assert.Equal("v1", (await ComputeBaselineAsync())?.Version);
        Assert.Matches("version v2 of topics is skipped: .*labels.json", log.ToString());
    }

    [Theory]
    [InlineData(true, "has 2 labels and a head for 3")]
    [InlineData(false, "There is no base model 'tests/gone'")]
    public async Task A_serving_version_that_is_whole_and_cannot_be_loaded_is_passed_over_too(bool hasBase, string problem)
    {
        await ToyModel.PublishAsync(registry, Classifier, "v1", seed: 1, "left", "right");
        var adapter = Path.Combine(folder.Path, "adapter");
        ToyModel.WriteAdapter(adapter, seed: 2, "left", "right", "third");
        new ClassifierMetadata(["left", "right"], MaxTokens: 64, Temperature: 2).Write(adapter);
        await registry.Versions.UploadAsync(Classifier, "v2", adapter, hasBase ? ToyModel.Base : "tests/gone", dataset: null, datasetETag: null, CancellationToken);
        await registry.Pointers.PublishAsync(Classifier, "v2", (await registry.Pointers.ReadAsync(Classifier, null, CancellationToken)).ETag, CancellationToken);

        Assert.Equal("v1", (await ComputeBaselineAsync())?.Version);
        Assert.Matches($"version v2 of topics is skipped: .*{problem}", log.ToString());
    }

    [Fact]
    public async Task With_a_damaged_pointer_the_baseline_is_the_version_published_last()
    {
        await ToyModel.PublishAsync(registry, Classifier, "v1", seed: 1, "left", "right");
        await ToyModel.PublishAsync(registry, Classifier, "v2", seed: 2, "left", "right");
        var pointer = storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.PointerBlob(Classifier));
        await pointer.UploadAsync(BinaryData.FromString("{"), overwrite: true, CancellationToken);

        Assert.Equal("v2", (await ComputeBaselineAsync())?.Version);
        Assert.Contains("Promoting a version writes it anew.", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_set_that_cannot_be_used_is_refused_with_its_bad_lines()
    {
        await ToyModel.PublishAsync(registry, Classifier, "v1", seed: 1, "left", "right");
        await RequestAsync("topics/bad.csv", "text,label\n,left\n,right\n");

        Assert.True(await RunAsync());

        var run = Assert.Single(await runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains("line 2: the text is empty; line 3: the text is empty", run.Reason, StringComparison.Ordinal);
        Assert.Equal("v1", await ServingAsync());
        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
    }

    [Fact]
    public async Task The_same_data_set_is_not_trained_on_twice()
    {
        var request = await RequestAsync("topics/bad.csv", "text,label\na,left\n");
        await RunAsync();
        await LeaveCheckpointAsync(request); // by a trainer that was killed when it had only to tidy up
        await SendAsync(request);

        Assert.True(await RunAsync());

        Assert.Single(await runs.ListAsync(Classifier, CancellationToken));
        Assert.Contains("was trained on already", log.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await CheckpointLengthAsync());
    }

    [Fact]
    public async Task A_training_that_failed_for_good_leaves_no_checkpoint()
    {
        var baseFolder = Path.Combine(folder.Path, "diverging");
        ToyModel.WriteBase(baseFolder);
        folder.File("diverging/training.json", (ToyTask.Options with { LearningRate = 1e38, SaveSteps = 1 }).ToJson());
        await registry.Bases.UploadAsync("tests/diverging", baseFolder, CancellationToken);
        await LeaveCheckpointAsync(await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1)));

        Assert.True(await RunAsync("tests/diverging"));

        var run = Assert.Single(await runs.ListAsync(Classifier, CancellationToken));
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
    public async Task A_data_set_that_was_replaced_since_is_left_to_its_newer_request()
    {
        var request = await UploadAsync("topics/a.csv", "text,label\na,left\n");
        await UploadAsync("topics/a.csv", ToyTask.Csv(20, seed: 1));
        await SendAsync(request);

        Assert.True(await RunAsync());

        Assert.Contains("has been replaced since", Assert.Single(await runs.ListAsync(Classifier, CancellationToken)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_another_trainer_has_the_classifier_the_request_waits()
    {
        var queue = storage.Queue(StorageNames.TrainingRequestsQueue);
        var request = await UploadAsync("topics/a.csv", ToyTask.Csv(20, seed: 1));
        var sent = (await queue.SendMessageAsync(request.ToJson(), CancellationToken)).Value;
        await using var lease = await ClassifierLease.TryAcquireAsync(storage, Classifier, TimeProvider.System, CancellationToken);

        Assert.True(await RunAsync());

        Assert.Empty(await runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(1, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
        // Waiting is no failed try: what waits is a copy, counted anew, so that a long training never sets the next request aside.
        var gone = await Assert.ThrowsAsync<Azure.RequestFailedException>(() => queue.DeleteMessageAsync(sent.MessageId, sent.PopReceipt, CancellationToken));
        Assert.Equal("MessageNotFound", gone.ErrorCode);
    }

    [Fact]
    public async Task The_row_of_a_killed_trainer_is_closed_by_its_successor()
    {
        await runs.WriteAsync(new TrainingRun(Classifier, "20260101-000000-000") { State = TrainingState.Running, Dataset = "topics/bad.csv" }, CancellationToken);
        await RequestAsync("topics/bad.csv", "text,label\na,left\n");

        await RunAsync();

        var orphan = (await runs.ListAsync(Classifier, CancellationToken))[0];
        Assert.Equal((TrainingState.Failed, "The trainer was killed; its request has returned to the queue."), (orphan.State, orphan.Reason));
    }

    [Theory]
    [InlineData(TrainingState.Running)] // it was killed
    [InlineData(TrainingState.Failed)] // it was stopped, or the answer was lost
    public async Task A_trainer_that_ended_between_the_pointer_and_its_row_has_published_all_the_same(TrainingState state)
    {
        var request = await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));
        await RunAsync();
        var published = Assert.Single(await runs.ListAsync(Classifier, CancellationToken));
        await runs.WriteAsync(published with { State = state, Reason = null, FinishedAt = null }, CancellationToken);
        await SendAsync(request);

        Assert.True(await RunAsync());

        var run = Assert.Single(await runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal((published.Version, TrainingState.Published), (run.Version, run.State));
        Assert.Equal(published.Version, await ServingAsync());
    }

    [Fact]
    public async Task A_request_that_killed_its_trainer_too_often_is_set_aside()
    {
        await runs.WriteAsync(new TrainingRun(Classifier, "20260101-000000-000") { State = TrainingState.Running, Dataset = "topics/a.csv" }, CancellationToken);
        await LeaveCheckpointAsync(await RequestAsync("topics/a.csv", ToyTask.Csv(20, seed: 1)));
        for (var attempt = 0; attempt < 5; attempt++)
        {
            await storage.Queue(StorageNames.TrainingRequestsQueue).ReceiveMessageAsync(TimeSpan.FromSeconds(1), CancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(1.1), CancellationToken);
        }

        Assert.True(await RunAsync());

        Assert.Equal(TrainingState.Failed, Assert.Single(await runs.ListAsync(Classifier, CancellationToken)).State);
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
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(body, CancellationToken);

        Assert.True(await RunAsync());

        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
        Assert.Equal(1, await QueueLengthAsync(StorageNames.TrainingRequestsPoisonQueue));
    }

    [Fact]
    public async Task A_base_model_that_is_not_there_fails_the_run_with_what_to_upload()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(20, seed: 1));

        Assert.True(await RunAsync("tests/nowhere"));

        var run = Assert.Single(await runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Failed, run.State);
        Assert.Contains("There is no base model 'tests/nowhere'", run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_trainer_gives_its_request_back_at_once()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(2000, seed: 1));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var running = Task.Run(() => Worker().RunAsync(drain: true, stop.Token), CancellationToken);
        while (!log.ToString().Contains("options {", StringComparison.Ordinal))
        {
            await Task.Delay(20, CancellationToken);
        }

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(TrainingState.Failed, Assert.Single(await runs.ListAsync(Classifier, CancellationToken)).State);
        var again = await storage.Queue(StorageNames.TrainingRequestsQueue).ReceiveMessageAsync(cancellationToken: CancellationToken);
        Assert.Equal(2, again.Value.DequeueCount);
        Assert.NotEqual(0, await CheckpointLengthAsync());
    }

    [Fact]
    public async Task A_message_is_kept_while_it_is_worked_on_and_its_newest_receipt_deletes_it()
    {
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync("work", CancellationToken);
        var received = (await storage.Queue(StorageNames.TrainingRequestsQueue).ReceiveMessageAsync(TrainingMessage.Visibility, CancellationToken)).Value;
        // A renewal has a second and a half, and two pass between them: time for a machine that is busy.
        var clock = new FastTime(times: 20);
        await using var message = new TrainingMessage(storage.Queue(StorageNames.TrainingRequestsQueue), received, clock);
        await clock.FirstReset.WaitAsync(TimeSpan.FromMinutes(1), CancellationToken); // the first renewal has been answered

        var stale = await Assert.ThrowsAsync<Azure.RequestFailedException>(
            () => storage.Queue(StorageNames.TrainingRequestsQueue).DeleteMessageAsync(received.MessageId, received.PopReceipt, CancellationToken));
        Assert.Equal("PopReceiptMismatch", stale.ErrorCode);
        await message.CompleteAsync(CancellationToken);

        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
    }

    [Fact]
    public async Task A_lease_that_was_broken_ends_the_work()
    {
        await using var lease = await ClassifierLease.TryAcquireAsync(storage, Classifier, new FastTime(), CancellationToken);
        var blob = storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(Classifier));

        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: CancellationToken);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), lease!.Lost));
    }

    private TrainingWorker Worker(string baseModel = ToyModel.Base, TimeProvider? clock = null) => new(
        storage,
        new ModelOptions { Base = baseModel, CacheFolder = Path.Combine(folder.Path, "cache") },
        TextWriter.Synchronized(log),
        clock ?? TimeProvider.System);

    private Task<bool> RunAsync(string baseModel = ToyModel.Base) => Worker(baseModel).RunAsync(drain: true, CancellationToken);

    private Task<TrainingRequest> RequestAsync(string dataset, string content) => RequestAsync(dataset, BinaryData.FromString(content));

    private async Task<TrainingRequest> RequestAsync(string dataset, BinaryData content)
    {
        var request = await UploadAsync(dataset, content);
        await SendAsync(request);
        return request;
    }

    private Task<TrainingRequest> UploadAsync(string dataset, string content) => UploadAsync(dataset, BinaryData.FromString(content));

    private async Task<TrainingRequest> UploadAsync(string dataset, BinaryData content)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient(dataset);
        var uploaded = await blob.UploadAsync(content, overwrite: true, CancellationToken);
        return new TrainingRequest(dataset, uploaded.Value.ETag.ToString(), Classifier, DateTimeOffset.UtcNow);
    }

    private async Task SendAsync(TrainingRequest request) =>
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), CancellationToken);

    /// <summary>What a trainer that was killed leaves in storage.</summary>
    private async Task LeaveCheckpointAsync(TrainingRequest request)
    {
        await using var lease = await ClassifierLease.TryAcquireAsync(storage, Classifier, TimeProvider.System, CancellationToken);
        await using var checkpoint = new CheckpointBlob(lease!, request, folder.File("some.checkpoint", "its bytes"), TextWriter.Null);
        checkpoint.NotifyWritten();
    }

    private async Task<long> CheckpointLengthAsync() =>
        (await storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(Classifier)).GetPropertiesAsync(cancellationToken: CancellationToken)).Value.ContentLength;

    private async Task<string?> ServingAsync() => (await registry.Pointers.ReadAsync(Classifier, null, CancellationToken)).Current?.Version;

    private async Task<BaselinePredictions?> ComputeBaselineAsync() => await BaselinePredictions.ComputeAsync(
        registry, Classifier, await registry.Pointers.ReadAsync(Classifier, null, CancellationToken), ToyTask.Options.Precision, [new DataSetRow(RowPlace.Line(1), "llll", "left", null)], log, CancellationToken);

    private async Task<int> QueueLengthAsync(string queue) =>
        (await storage.Queue(queue).GetPropertiesAsync(CancellationToken)).Value.ApproximateMessagesCount;
}
