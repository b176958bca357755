using Serverless.Llama.Files;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Data;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary><c>trainer run</c> against the real emulator, with a toy base model: what becomes of a data set.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class TrainingWorkerTests(Emulator emulator) : TrainingWorkerTest(emulator)
{
    [Fact]
    public async Task An_empty_queue_is_no_fault() => Assert.True(await RunAsync());

    [Fact]
    public async Task A_data_set_becomes_a_version_that_serves()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));

        Assert.True(await RunAsync());

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal((TrainingState.Published, 1.0), (run.State, run.Progress));
        Assert.True(run.Metrics["accuracy"] > 0.8, $"accuracy {run.Metrics["accuracy"]}");
        var version = Assert.Single(await Registry.Versions.ListAsync(Classifier, CancellationToken));
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

        Assert.Equal(TrainingState.Published, Assert.Single(await Runs.ListAsync(Classifier, CancellationToken)).State);
        var version = await Registry.Versions.DownloadAsync(Classifier, (await ServingAsync())!, null, CancellationToken);
        Assert.Equal(["left", "right"], ClassifierMetadata.Read(version.Folder).Labels);
        Assert.Equal(await Registry.Bases.FindSha256Async(ToyModel.Base, CancellationToken), version.Manifest.BaseSha256);
    }

    [Fact]
    public async Task A_data_set_with_a_new_label_replaces_the_serving_version()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1));
        await RequestAsync("topics/b.csv", ToyTask.Csv(400, seed: 1) + "zzzzzzzzzz,third\nzzzzzzzzzzzzz,third\nzzzz zzzzzz,third\n");

        Assert.True(await RunAsync());

        var all = await Runs.ListAsync(Classifier, CancellationToken);
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
        await RequestAsync("topics/b.csv", ToyTask.Csv(400, seed: 2));

        Assert.True(await Worker(clock: clock).RunAsync(drain: true, CancellationToken));

        var all = await Runs.ListAsync(Classifier, CancellationToken);
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

        var run = (await Runs.ListAsync(Classifier, CancellationToken))[^1];
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains("worse than the serving one", run.Reason, StringComparison.Ordinal);
        Assert.Equal(good, await ServingAsync());
        Assert.Equal(2, (await Registry.Versions.ListAsync(Classifier, CancellationToken)).Count);
    }

    [Theory]
    [InlineData("left,right", 400, "Not published: it lacks the label other that version v1 has; promote it if that is meant.")]
    [InlineData("cats,dogs", 400, "Not published: it lacks the labels left, other, right that version v1 has; promote it if that is meant.")]
    [InlineData("left,right", 60, "Not published: it lacks the label other that version v1 has; promote it if that is meant.")]
    public async Task A_version_that_lacks_labels_waits_for_a_person(string labels, int rows, string reason)
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right", "other");
        await RequestAsync("topics/a.csv", ToyTask.Csv(rows, seed: 1, labels));

        Assert.True(await RunAsync());

        await AssertWaitsAsync(reason);
    }

    [Fact]
    public async Task A_version_that_a_handful_of_rows_compare_waits_for_a_person()
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right");
        await RequestAsync("topics/a.csv", ToyTask.Csv(60, seed: 1));

        Assert.True(await RunAsync());

        await AssertWaitsAsync("Not published: [0-9]+ held-out rows compare it with version v1, and at least 20 are needed");
    }

    [Fact]
    public async Task Notes_on_a_data_set_are_in_the_log_of_its_training()
    {
        var rare = "left again,Left\nleft once more,Left\n";
        await RequestAsync("topics/a.csv", ToyTask.Csv(150, seed: 1) + rare);

        Assert.True(await RunAsync());

        var log = Log.ToString();
        Assert.Contains("note   The labels 'Left' (2 rows), 'left' (75 rows) differ in case or white space only", log, StringComparison.Ordinal);
        Assert.Contains("note   Warning: few rows have the label 'Left' (1, 0.7 % of the rows) beside ", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bad.csv", "text,label\n,left\n,right\n", "line 2: the text is empty; line 3: the text is empty")]
    [InlineData("bad.jsonl", "{\"text\":\"half \\ud83d\",\"label\":\"left\"}\n", "line 1: the text holds half of a surrogate pair")]
    public async Task A_data_set_that_cannot_be_used_is_refused_with_its_bad_lines(string file, string content, string reason)
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right");
        await RequestAsync($"topics/{file}", content);

        Assert.True(await RunAsync());

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains(reason, run.Reason, StringComparison.Ordinal);
        Assert.Equal("v1", await ServingAsync());
        Assert.Equal(0, await QueueLengthAsync(StorageNames.TrainingRequestsQueue));
    }

    [Fact]
    public async Task A_base_model_that_is_not_there_fails_the_run_with_what_to_upload()
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(20, seed: 1));

        Assert.True(await RunAsync("tests/nowhere"));

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Failed, run.State);
        Assert.Contains("There is no base model 'tests/nowhere'", run.Reason, StringComparison.Ordinal);
    }

    /// <summary>The version is stored, does not serve, is listed as a candidate with the reason, and serves once a person promotes it.</summary>
    private async Task AssertWaitsAsync(string reason)
    {
        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Matches($"^{reason}", run.Reason);
        Assert.Equal("v1", await ServingAsync());
        var listed = (await new ModelCatalog(Storage, Registry, Runs).ListVersionsAsync(Classifier, CancellationToken)).Single(version => version.Version == run.Version);
        Assert.Equal((VersionState.Candidate, run.Reason), (listed.State, listed.Reason));

        var pointer = await Registry.Pointers.ReadAsync(Classifier, null, CancellationToken);
        Assert.True(await Registry.Pointers.PublishAsync(Classifier, run.Version, pointer.ETag, CancellationToken));
        Assert.Equal(run.Version, await ServingAsync());
    }
}
