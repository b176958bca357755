using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Serverless.EndToEndTests;

public sealed class HttpTests(HttpTests.Up up) : IClassFixture<HttpTests.Up>
{
    private const string Business = "The bank raised its profit forecast after shares fell and interest rates rose for a third quarter.";
    private const string Json = "application/json";

    private RunningSystem System => up.System;

    [Fact]
    public async Task Health_tells_the_state_and_starts_nothing_and_classify_loads_the_model()
    {
        // The only system here that nobody else asks, so it is cold.
        await using var cold = await RunningSystem.StartAsync();

        var before = await cold.GetJsonAsync("health");
        using var answer = await cold.PostJsonAsync("classify", JsonSerializer.Serialize(new { text = Business }));
        var after = await cold.GetJsonAsync("health");

        Assert.Equal("cold", before.GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("ready", after.GetProperty("state").GetString());
        Assert.Equal("starter", after.GetProperty("version").GetString());
    }

    [Fact]
    public async Task An_article_is_answered_with_label_score_and_all_probabilities()
    {
        using var response = await System.PostJsonAsync("classify/news", JsonSerializer.Serialize(new { id = "b1", text = Business }));
        var answer = await ReadAsync(response);

        Assert.Equal("b1", answer.GetProperty("id").GetString());
        Assert.Equal("Business", answer.GetProperty("label").GetString());
        Assert.InRange(answer.GetProperty("score").GetDouble(), 0.25, 1);
        Assert.Equal(
            ["Business", "Sci/Tech", "Sports", "World"],
            answer.GetProperty("probabilities").EnumerateObject().Select(probability => probability.Name).Order(StringComparer.Ordinal));
        Assert.Equal("starter", answer.GetProperty("modelVersion").GetString());
    }

    [Fact]
    public async Task Plain_text_goes_to_the_default_classifier()
    {
        using var response = await System.PostAsync("classify", new StringContent(Business, new MediaTypeHeaderValue("text/plain")));

        Assert.Equal("Business", (await ReadAsync(response)).GetProperty("label").GetString());
    }

    [Fact]
    public async Task Two_hundred_and_fifty_six_articles_are_answered_in_their_order()
    {
        var articles = Enumerable.Range(0, 256).Select(i => new { id = $"a{i}", text = $"{Business} Number {i}." });

        using var response = await System.PostJsonAsync("classify", JsonSerializer.Serialize(articles));
        var answers = await ReadAsync(response);

        Assert.Equal(articles.Select(article => article.id), answers.EnumerateArray().Select(answer => answer.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Health_answers_while_the_model_computes()
    {
        using var warm = await System.PostJsonAsync("classify", JsonSerializer.Serialize(new { text = Business }));
        var text = string.Join(' ', Enumerable.Repeat(Business, 40));
        var articles = Enumerable.Range(0, 64).Select(i => new { id = $"long-{i}", text });

        var computing = System.PostJsonAsync("classify", JsonSerializer.Serialize(articles));
        await Eventually.TrueAsync(async () => (await System.GetJsonAsync("health")).GetProperty("waiting").GetInt32() > 0 || computing.IsCompleted, "texts inside");
        var stillComputing = !computing.IsCompleted;
        using var response = await computing;

        Assert.True(stillComputing, "Health answered only when all texts were done.");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("classify", Json, "{\"text\":\"unfinished", HttpStatusCode.BadRequest, "malformed-request")]
    [InlineData("classify", Json, "{\"text\":\"\"}", HttpStatusCode.BadRequest, "malformed-request")]
    [InlineData("classify", "text/plain", "", HttpStatusCode.BadRequest, "malformed-request")]
    [InlineData("classify", "text/html", "<p>hello</p>", HttpStatusCode.UnsupportedMediaType, "unsupported-media-type")]
    [InlineData("classify/nowhere", Json, "{\"text\":\"hello\"}", HttpStatusCode.NotFound, "unknown-classifier")]
    [InlineData("classify/no%20name", Json, "{\"text\":\"hello\"}", HttpStatusCode.NotFound, "unknown-classifier")]
    [InlineData("classify/%2e%2e", Json, "{\"text\":\"hello\"}", HttpStatusCode.NotFound, null)]
    public async Task A_bad_request_gets_a_problem_document_that_says_what_is_wrong(
        string path, string contentType, string body, HttpStatusCode status, string? type)
    {
        using var response = await System.PostAsync(path, new StringContent(body, new MediaTypeHeaderValue(contentType)));

        Assert.Equal(status, response.StatusCode);
        if (type is not null)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            var problem = await ReadAsync(response);
            Assert.Equal($"urn:serverless:problem:{type}", problem.GetProperty("type").GetString());
            Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        }
    }

    [Fact]
    public async Task A_body_that_is_not_utf8_gets_400()
    {
        var content = new ByteArrayContent([(byte)'a', 0xff]) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };

        using var response = await System.PostAsync("classify", content);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_body_over_two_megabytes_gets_413()
    {
        using var response = await System.PostAsync("classify", new StringContent(new string('a', (2 * 1024 * 1024) + 1), Encoding.UTF8, "text/plain"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task The_result_of_a_queued_article_can_be_asked_for()
    {
        await System.SendAsync(JsonSerializer.Serialize(new { id = "wire/2026/11", text = Business }));
        await System.ResultAsync("wire/2026/11");

        var result = await System.GetJsonAsync("results/news/wire/2026/11");
        using var unknown = await System.Http.GetAsync(new Uri("results/news/unknown", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal("Business", result.GetProperty("label").GetString());
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task With_keys_only_callers_who_show_the_right_one_are_answered_and_the_admin_key_opens_all()
    {
        await using var keyed = await RunningSystem.StartAsync("--keys");
        var key = (await File.ReadAllTextAsync(Path.Combine(keyed.Folder, "function-key"), TestContext.Current.CancellationToken)).Trim();
        using var without = await keyed.PostJsonAsync("classify", "{}");
        using var wrong = await keyed.PostJsonAsync("classify?code=wrong", "{}");
        using var health = await keyed.Http.GetAsync(new Uri("health", UriKind.Relative), TestContext.Current.CancellationToken);
        keyed.Http.DefaultRequestHeaders.Add("x-functions-key", key);
        using var with = await keyed.PostJsonAsync("classify", JsonSerializer.Serialize(new { text = Business }));
        using var promoteWithFunctionKey = await keyed.PostJsonAsync("models/news/starter/promote", "");
        keyed.Http.DefaultRequestHeaders.Remove("x-functions-key");
        keyed.Http.DefaultRequestHeaders.Add("x-functions-key", (await File.ReadAllTextAsync(Path.Combine(keyed.Folder, "admin-key"), TestContext.Current.CancellationToken)).Trim());
        using var promoteWithAdminKey = await keyed.PostJsonAsync("models/news/starter/promote", "");
        using var readWithAdminKey = await keyed.Http.GetAsync(new Uri("models", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(HttpStatusCode.OK, with.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, promoteWithFunctionKey.StatusCode);
        Assert.Equal(HttpStatusCode.OK, promoteWithAdminKey.StatusCode);
        Assert.Equal(HttpStatusCode.OK, readWithAdminKey.StatusCode);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

    public sealed class Up : SystemFixture;
}
