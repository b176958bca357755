using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Serverless.EndToEndTests;

/// <summary>The keys of a system that requires them.</summary>
public sealed class AccessTests(AccessTests.Fixture fixture) : IClassFixture<AccessTests.Fixture>
{
    private const string FunctionKey = "function-key";
    private const string OperatorKey = "operator-key";
    private const string AdminKey = "admin-key";

    private static readonly string Article = JsonSerializer.Serialize(new { text = "The bank raised its profit forecast after shares fell." });

    private RunningSystem App => fixture.App;

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task A_request_without_a_valid_key_gets_401(string? key)
    {
        using var response = await SendAsync(HttpMethod.Post, "classify", key, Article);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Health_requires_no_key()
    {
        using var response = await SendAsync(HttpMethod.Get, "health", key: null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Health_tells_strangers_the_state_and_nothing_else()
    {
        using var classified = await SendAsync(HttpMethod.Post, "classify", await KeyAsync(FunctionKey), Article);
        using var response = await SendAsync(HttpMethod.Get, "health", key: null);
        using var health = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal(["state", "healthy"], health.RootElement.EnumerateObject().Select(property => property.Name));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData(FunctionKey, HttpStatusCode.OK)]
    public async Task The_details_of_the_state_require_a_key(string? file, HttpStatusCode status)
    {
        using var response = await SendAsync(HttpMethod.Get, "status", file is null ? null : await KeyAsync(file));

        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("POST", "models/news/starter/promote", HttpStatusCode.OK)]
    [InlineData("POST", "datasets/keys/data.csv/upload", HttpStatusCode.Created)]
    [InlineData("POST", "datasets/nothing", HttpStatusCode.Conflict)]
    [InlineData("PUT", "datasets/keys/data.txt", HttpStatusCode.BadRequest)]
    public async Task A_promotion_an_upload_and_an_export_require_the_operator_key(string method, string path, HttpStatusCode status)
    {
        using var caller = await SendAsync(HttpMethod.Parse(method), path, await KeyAsync(FunctionKey), "");
        using var person = await SendAsync(HttpMethod.Parse(method), path, await KeyAsync(OperatorKey), "");
        using var admin = await SendAsync(HttpMethod.Parse(method), path, await KeyAsync(AdminKey), "");

        Assert.Equal((HttpStatusCode.Unauthorized, status, status), (caller.StatusCode, person.StatusCode, admin.StatusCode));
    }

    [Theory]
    [InlineData(FunctionKey)]
    [InlineData(OperatorKey)]
    [InlineData(AdminKey)]
    public async Task Every_key_is_valid_for_classify_and_for_reading(string file)
    {
        using var classified = await SendAsync(HttpMethod.Post, "classify", await KeyAsync(file), Article);
        using var models = await SendAsync(HttpMethod.Get, "models", await KeyAsync(file));

        Assert.Equal(HttpStatusCode.OK, classified.StatusCode);
        Assert.Equal(HttpStatusCode.OK, models.StatusCode);
    }

    [Fact]
    public async Task A_key_in_the_query_is_valid_too()
    {
        using var right = await SendAsync(HttpMethod.Get, $"models?code={await KeyAsync(FunctionKey)}", key: null);
        using var wrong = await SendAsync(HttpMethod.Get, "models?code=wrong", key: null);

        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }

    private async Task<string> KeyAsync(string file) =>
        (await File.ReadAllTextAsync(Path.Combine(App.Folder, file), TestContext.Current.CancellationToken)).Trim();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? key, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (key is not null)
        {
            request.Headers.Add("x-functions-key", key);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        }

        return await App.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public sealed class Fixture() : SystemFixture(null, "--keys");
}
