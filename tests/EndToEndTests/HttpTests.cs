using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Serverless.EndToEndTests;

public sealed class HttpTests(HttpTests.Fixture fixture) : IClassFixture<HttpTests.Fixture>
{
    private const string Business = "The bank raised its profit forecast after shares fell and interest rates rose for a third quarter.";
    private const string Json = "application/json";

    private RunningSystem App => fixture.App;

    [Fact]
    public async Task Status_does_not_load_the_model_and_classify_does()
    {
        // A system of its own, since the shared one may have loaded the model.
        await using var cold = await RunningSystem.StartAsync();

        var before = await cold.GetJsonAsync("status");
        using var response = await cold.PostJsonAsync("classify", JsonSerializer.Serialize(new { text = Business }));
        var after = await cold.GetJsonAsync("status");

        Assert.Equal("cold", before.GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ready", after.GetProperty("state").GetString());
        Assert.Equal("starter", after.GetProperty("version").GetString());
    }

    [Fact]
    public async Task A_response_has_label_score_and_all_probabilities()
    {
        using var response = await App.PostJsonAsync("classify/news", JsonSerializer.Serialize(new { id = "b1", text = Business }));
        var prediction = await ReadAsync(response);

        Assert.Equal("b1", prediction.GetProperty("id").GetString());
        Assert.Equal("Business", prediction.GetProperty("label").GetString());
        Assert.InRange(prediction.GetProperty("score").GetDouble(), 0.25, 1);
        Assert.Equal(
            ["Business", "Sci/Tech", "Sports", "World"],
            prediction.GetProperty("probabilities").EnumerateObject().Select(probability => probability.Name).Order(StringComparer.Ordinal));
        Assert.Equal("starter", prediction.GetProperty("modelVersion").GetString());
    }

    [Fact]
    public async Task Plain_text_goes_to_the_default_classifier()
    {
        using var response = await App.PostAsync("classify", new StringContent(Business, new MediaTypeHeaderValue("text/plain")));

        Assert.Equal("Business", (await ReadAsync(response)).GetProperty("label").GetString());
    }

    [Fact]
    public async Task The_responses_to_256_articles_are_in_their_order()
    {
        var articles = Enumerable.Range(0, 256).Select(i => new { id = $"a{i}", text = $"{Business} Number {i}." });

        using var response = await App.PostJsonAsync("classify", JsonSerializer.Serialize(articles));
        var predictions = await ReadAsync(response);

        Assert.Equal(
            articles.Select(article => article.id), predictions.EnumerateArray().Select(prediction => prediction.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Status_responds_while_the_model_computes()
    {
        using var warm = await App.PostJsonAsync("classify", JsonSerializer.Serialize(new { text = Business }));
        var text = string.Join(' ', Enumerable.Repeat(Business, 40));
        var articles = Enumerable.Range(0, 64).Select(i => new { id = $"long-{i}", text });

        var computing = App.PostJsonAsync("classify", JsonSerializer.Serialize(articles));
        await Eventually.TrueAsync(
            async () => (await App.GetJsonAsync("status")).GetProperty("waiting").GetInt32() > 0 || computing.IsCompleted, "texts in flight");
        var stillComputing = !computing.IsCompleted;
        using var response = await computing;

        Assert.True(stillComputing, "Status responded only after all texts were done.");
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
    public async Task A_bad_request_gets_a_problem_document(
        string path, string contentType, string body, HttpStatusCode status, string? type)
    {
        using var response = await App.PostAsync(path, new StringContent(body, new MediaTypeHeaderValue(contentType)));

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
    public async Task A_body_that_is_not_UTF8_gets_400()
    {
        var content = new ByteArrayContent([(byte)'a', 0xff]) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };

        using var response = await App.PostAsync("classify", content);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_body_over_two_megabytes_gets_413()
    {
        using var response = await App.PostAsync("classify", new StringContent(new string('a', (2 * 1024 * 1024) + 1), Encoding.UTF8, "text/plain"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_body_over_the_limit_of_the_host_gets_500_without_a_body_as_in_Azure()
    {
        using var response = await App.PostAsync("classify", new StringContent(new string('a', 3_000_001), Encoding.UTF8, "text/plain"));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("GET", "results/news/", HttpStatusCode.OK)] // the list
    [InlineData("POST", "review/news/", HttpStatusCode.BadRequest)]
    [InlineData("GET", "models/news/starter/files/", HttpStatusCode.BadRequest)]
    public async Task An_address_that_ends_before_the_id_or_the_file_is_no_error_of_ours(string method, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), new Uri(path, UriKind.Relative));
        request.Content = method == "POST" ? new StringContent("""{"label":"World"}""", new MediaTypeHeaderValue(Json)) : null;

        using var response = await App.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task The_result_of_a_queued_article_can_be_read()
    {
        await App.SendAsync(JsonSerializer.Serialize(new { id = "wire/2026/11", text = Business }));
        await App.ResultAsync("wire/2026/11");

        var result = await App.GetJsonAsync("results/news/wire/2026/11");
        using var unknown = await App.Http.GetAsync(new Uri("results/news/unknown", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal("Business", result.GetProperty("label").GetString());
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

    public sealed class Fixture : SystemFixture;
}
