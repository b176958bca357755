

using Serverless.Training;

namespace Serverless.UnitTests.Training;

public class TrainingRunsTests(Emulator emulator)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_read_as_it_was_last_written()
    {
        var runs = new TrainingRuns(await emulator.NewAccountAsync());
        var run = new TrainingRun("news", "20261123-120000-000")
        {
            State = TrainingState.Running,
            Progress = 0.5,
            Step = "epoch 1 of 2",
            Dataset = "news/a.csv",
            DatasetETag = "\"0x1\"",
            BaseModel = "serverless/starter",
            RequestedAt = Noon,
            StartedAt = Noon.AddMinutes(1),
        };

        await runs.WriteAsync(run, CancellationToken);
        var refused = run with { State = TrainingState.Refused, Reason = "worse", FinishedAt = Noon.AddMinutes(2) };
        await runs.WriteAsync(refused with { Metrics = new Dictionary<string, double> { ["accuracy"] = 0.5 } }, CancellationToken);

        var found = await runs.FindAsync("news", run.Version, CancellationToken);
        Assert.Equal(TrainingState.Refused, found!.State);
        Assert.Equal("worse", found.Reason);
        Assert.Equal(0.5, found.Metrics["accuracy"]);
        Assert.Equal("epoch 1 of 2", found.Step);
        Assert.Equal(Noon, found.RequestedAt);
        Assert.Equal(Noon.AddMinutes(2), found.FinishedAt);
        Assert.Null(await runs.FindAsync("news", "other", CancellationToken));
    }

    [Fact]
    public async Task Runs_are_listed_by_classifier_in_the_order_of_their_versions()
    {
        var runs = new TrainingRuns(await emulator.NewAccountAsync());
        foreach (var (classifier, version) in new[] { ("news", "2"), ("news", "1"), ("other", "3") })
        {
            await runs.WriteAsync(new TrainingRun(classifier, version) { State = TrainingState.Queued }, CancellationToken);
        }

        Assert.Equal(["1", "2"], (await runs.ListAsync("news", CancellationToken)).Select(run => run.Version));
    }

    [Fact]
    public async Task A_failed_run_is_written_without_a_metric_that_is_not_a_number()
    {
        var runs = new TrainingRuns(await emulator.NewAccountAsync());
        var metrics = new Dictionary<string, double> { ["loss"] = double.NaN, ["accuracy"] = 0.25 };

        await runs.WriteAsync(new TrainingRun("news", "1") { State = TrainingState.Failed, Metrics = metrics, Reason = new string('x', 40_000) }, CancellationToken);

        var found = await runs.FindAsync("news", "1", CancellationToken);
        Assert.Equal(["accuracy"], found!.Metrics.Keys);
    }

    [Fact]
    public void A_training_request_survives_the_round_trip()
    {
        var request = new TrainingRequest("news/ä.csv", "\"0x8D\"", "news", Noon);

        Assert.Equal(request, TrainingRequest.Parse(request.ToJson()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"dataset":"a"}""")]
    public void A_body_that_is_not_a_training_request_is_refused(string body) => Assert.Throws<FormatException>(() => TrainingRequest.Parse(body));
}
