using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public sealed class ServingStatusTests
{
    [Theory]
    [InlineData("", ModelState.Cold, true)]
    [InlineData("news Loading", ModelState.Loading, true)]
    [InlineData("news Failed", ModelState.Failed, false)]
    [InlineData("desk Ready, news Failed", ModelState.Failed, false)]
    [InlineData("desk Failed, news Ready", ModelState.Ready, true)]
    [InlineData("desk Failed", ModelState.Failed, false)]
    [InlineData("desk Ready, news Loading", ModelState.Ready, true)]
    public void The_failure_of_the_default_classifier_makes_the_process_unhealthy(string classifiers, ModelState state, bool healthy)
    {
        var all = classifiers.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(each => each.Split(' '))
            .Select(each => new ClassifierStatus(each[0], Enum.Parse<ModelState>(each[1])));

        var status = ServingStatus.Create("owner/base", "news", inFlight: 0, all);

        Assert.Equal((state, healthy), (status.State, status.Healthy));
    }
}
