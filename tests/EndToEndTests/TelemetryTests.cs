using System.Net;

namespace Serverless.EndToEndTests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Logs_are_sent_to_Application_Insights_where_a_connection_string_names_it()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(insights.Settings);

        using var answer = await system.PostJsonAsync("classify", """{"text":"Two goals in extra time won the final for Calder Rovers."}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await insights.HasReceivedAsync("Version starter of the classifier news serves");
        Assert.DoesNotContain(insights.Received, item => item.Contains("Calder Rovers", StringComparison.Ordinal));
    }
}
