using System.Net;
using System.Text.Json;

namespace Serverless.EndToEndTests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task An_invocation_is_traced_to_Application_Insights()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(insights.Settings);

        await system.SendAsync(Article("traced-1"));
        await system.ResultAsync("traced-1");

        await Eventually.TrueAsync(
            () => Task.FromResult(insights.Received.Any(item => item.Contains("ClassifyArticle", StringComparison.Ordinal)
                && (item.Contains("RequestData", StringComparison.Ordinal) || item.Contains("RemoteDependencyData", StringComparison.Ordinal)))),
            "a trace of ClassifyArticle");
    }

    [Fact]
    public async Task The_load_of_a_model_is_logged_to_Application_Insights()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(insights.Settings);

        using var response = await system.PostJsonAsync("classify", Article("loaded-1"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await insights.HasReceivedAsync("Version starter of the classifier news serves");
    }

    [Fact]
    public async Task The_log_of_a_result_has_version_latency_and_invocation_but_not_the_text()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(insights.Settings);

        await system.SendAsync(Article("logged-1"));
        await insights.HasReceivedAsync("Article logged-1 of news is Sports");
        var result = insights.Received.First(item => item.Contains("Article logged-1 of news is Sports", StringComparison.Ordinal));

        Assert.Contains("\"ModelVersion\":\"starter\"", result, StringComparison.Ordinal);
        Assert.Matches("\"Milliseconds\":\"[0-9.]+", result);
        Assert.Matches("\"faas.invocation_id\":\"[0-9a-f-]{36}\"", result);
        Assert.DoesNotContain(insights.Received, item => item.Contains("Calder Rovers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Entries_carry_the_fields_that_alerts_read_with_and_without_an_exception()
    {
        await using var insights = await Insights.StartAsync();
        var settings = new Dictionary<string, string>(insights.Settings) { ["Classifier__Base"] = "owner/nothing" };
        await using var system = await RunningSystem.StartAsync(settings);

        using var response = await system.PostJsonAsync("classify", Article("broken-1"));
        await system.SendAsync("""{"id":"a\nb","text":""}""");
        await insights.HasReceivedAsync("could not be loaded");
        await insights.HasReceivedAsync("was rejected");
        var error = insights.Received.First(item => item.Contains("could not be loaded", StringComparison.Ordinal));
        var warning = insights.Received.First(item => item.Contains("was rejected", StringComparison.Ordinal));

        Assert.Matches("\"baseType\":\"ExceptionData\".*\"severityLevel\":\"Error\".*\"CategoryName\":\"Serverless.Serving.ArticleClassifier\"", error);
        Assert.Matches("\"baseType\":\"MessageData\".*\"severityLevel\":\"Warning\".*\"CategoryName\":\"Serverless.Articles.ArticleProcessor\"", warning);
    }

    [Fact]
    public async Task A_line_break_in_an_id_makes_no_line_of_the_log()
    {
        await using var system = await RunningSystem.StartAsync();

        await system.SendAsync("""{"id":"a\n12:00:00 fail: Serverless.Serving.PointerFollower[0] forged","text":""}""");
        await Eventually.TrueAsync(() => Task.FromResult(system.Log("functions").Contains("was rejected", StringComparison.Ordinal)), "the line");

        Assert.Contains("Article a\\n12:00:00 fail: ", system.Log("functions"), StringComparison.Ordinal);
        Assert.DoesNotContain("\n12:00:00 fail: ", system.Log("functions"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_in_the_query_is_neither_logged_nor_sent_to_Application_Insights()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(insights.Settings, "--keys");
        var key = (await File.ReadAllTextAsync(Path.Combine(system.Folder, "function-key"), TestContext.Current.CancellationToken)).Trim();

        using var accepted = await system.PostJsonAsync($"classify?code={key}", Article("keyed-1"));
        using var unauthorized = await system.PostJsonAsync($"classify?code={key}wrong", Article("keyed-2"));
        using var malformed = await system.PostJsonAsync($"classify?code={key}", "{");
        await insights.HasReceivedAsync("Version starter of the classifier news serves");
        await insights.HasReceivedAsync("\"Classify\"");
        await system.StopAsync(); // the exporter sends what is left

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest],
            new[] { accepted, unauthorized, malformed }.Select(response => response.StatusCode));
        var log = system.Log("functions"); // the console of the functions; that of the system shows the key on purpose
        Assert.Contains("Version starter of the classifier news serves", log, StringComparison.Ordinal);
        Assert.DoesNotContain(key, log, StringComparison.Ordinal);
        Assert.DoesNotContain(insights.Received, item => item.Contains(key, StringComparison.Ordinal));
    }

    private static string Article(string id) => JsonSerializer.Serialize(new { id, text = "Two goals in extra time won the final for Calder Rovers." });
}
