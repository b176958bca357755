using System.Net;

namespace Serverless.EndToEndTests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task An_invocation_is_traced_to_Application_Insights()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(insights.Settings);

        await system.SendAsync("""{"id":"traced-1","text":"Two goals in extra time won the final for Calder Rovers."}""");
        await system.ResultAsync("traced-1");

        await Eventually.TrueAsync(
            () => Task.FromResult(insights.Received.Any(item => item.Contains("RequestData", StringComparison.Ordinal) && item.Contains("ClassifyArticle", StringComparison.Ordinal))
                || insights.Received.Any(item => item.Contains("RemoteDependencyData", StringComparison.Ordinal) && item.Contains("ClassifyArticle", StringComparison.Ordinal))),
            "a trace of ClassifyArticle");
    }

    [Fact]
    public async Task Logs_are_sent_to_Application_Insights_and_that_of_a_result_names_article_version_latency_and_invocation()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(insights.Settings);

        using var answer = await system.PostJsonAsync("classify", """{"text":"Two goals in extra time won the final for Calder Rovers."}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await insights.HasReceivedAsync("Version starter of the classifier news serves");
        await system.SendAsync("""{"id":"logged-1","text":"Two goals in extra time won the final for Calder Rovers."}""");
        await insights.HasReceivedAsync("Article logged-1 of news is Sports");
        var result = insights.Received.First(item => item.Contains("Article logged-1 of news is Sports", StringComparison.Ordinal));

        Assert.Contains("\"ModelVersion\":\"starter\"", result, StringComparison.Ordinal);
        Assert.Matches("\"Milliseconds\":\"[0-9.]+", result);
        Assert.Matches("\"faas.invocation_id\":\"[0-9a-f-]{36}\"", result);
        Assert.DoesNotContain(insights.Received, item => item.Contains("Calder Rovers", StringComparison.Ordinal));
    }
}
