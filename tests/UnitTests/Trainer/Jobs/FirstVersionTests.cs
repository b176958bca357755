using Serverless.Models;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>First versions of a classifier, which have no serving one beside them.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class FirstVersionTests(Emulator emulator) : TrainingWorkerTest(emulator)
{
    [Fact]
    public async Task A_first_version_that_learnt_nothing_waits_and_can_be_promoted()
    {
        await UploadAsync("topics/training.json", """{"learning_rate": 1e-30, "min_steps": 10}""");
        await RequestAsync("topics/a.csv", ToyTask.Csv(400, seed: 1));

        Assert.True(await RunAsync());

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Matches("^Not published: it is not shown to be better than .*'(left|right)', the most frequent label, given to every article", run.Reason);
        Assert.Null(await ServingAsync());
        var listed = Assert.Single(await new ModelCatalog(Storage, Registry, Runs).ListVersionsAsync(Classifier, CancellationToken));
        Assert.Equal((VersionState.Candidate, run.Reason), (listed.State, listed.Reason));

        Assert.True(await Registry.Pointers.PublishAsync(Classifier, run.Version, (await Registry.Pointers.ReadAsync(Classifier, null, CancellationToken)).ETag, CancellationToken));
        Assert.Equal(run.Version, await ServingAsync());
    }

    [Theory]
    [InlineData(400, "There is no serving version to compare with. It is right in ")]
    [InlineData(60, "There is no serving version to compare with. Too few rows are held out to tell whether it is better than the most frequent label, ")]
    public async Task A_first_version_that_is_better_or_that_few_rows_measure_serves(int rows, string reason)
    {
        await RequestAsync("topics/a.csv", ToyTask.Csv(rows, seed: 1));

        Assert.True(await RunAsync());

        var run = Assert.Single(await Runs.ListAsync(Classifier, CancellationToken));
        Assert.Equal((TrainingState.Published, run.Version), (run.State, await ServingAsync()));
        Assert.StartsWith(reason, run.Reason, StringComparison.Ordinal);
    }
}
