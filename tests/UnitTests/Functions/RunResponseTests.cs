using Serverless.Functions.Api;
using Serverless.Training;

namespace Serverless.UnitTests.Functions;

public sealed class RunResponseTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_running_training_ends_its_remaining_seconds_from_now()
    {
        var response = RunResponse.From(Run(TrainingState.Running), Now);

        Assert.Equal(89.6, response.SecondsRemaining);
        Assert.Equal(Now.AddSeconds(90), response.Eta);
    }

    [Theory]
    [InlineData(TrainingState.Queued)]
    [InlineData(TrainingState.Published)]
    [InlineData(TrainingState.Failed)]
    public void A_training_that_does_not_run_has_no_estimate(TrainingState state)
    {
        var response = RunResponse.From(Run(state), Now);

        Assert.Null(response.SecondsRemaining);
        Assert.Null(response.Eta);
    }

    private static TrainingRun Run(TrainingState state) => new("desk", "v1")
    {
        State = state,
        Metrics = new Dictionary<string, double> { ["secondsRemaining"] = 89.6 },
    };
}
