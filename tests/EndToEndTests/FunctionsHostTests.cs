using System.Net;
using System.Text.Json;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.EndToEndTests;

/// <summary>The local Functions host and its worker process.</summary>
public sealed class FunctionsHostTests(FunctionsHostTests.Fixture fixture) : IClassFixture<FunctionsHostTests.Fixture>
{
    private const string Sports = "The striker scored twice as the team won the cup final.";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private RunningSystem App => fixture.App;

    [Theory]
    [InlineData("DELETE", "health")]
    [InlineData("HEAD", "health")]
    [InlineData("OPTIONS", "classify")]
    [InlineData("GET", "classify")]
    [InlineData("GET", "nowhere")]
    public async Task An_unknown_method_or_path_gets_404_without_a_body(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));

        using var response = await App.Http.SendAsync(request, CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(CancellationToken));
    }

    [Theory]
    [InlineData("wire/2026/11", "wire/2026/11")]
    [InlineData("two words ü 語", "two%20words%20%C3%BC%20%E8%AA%9E")]
    [InlineData("100 %?#", "100%20%25%3F%23")]
    public async Task An_id_in_the_path_reaches_the_function_unchanged(string id, string path)
    {
        await App.SendAsync(JsonSerializer.Serialize(new { id, text = Sports }));
        await App.ResultAsync(id);

        var result = await App.GetJsonAsync($"results/news/{path}");

        Assert.Equal(id, result.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("split%2Fid")]
    [InlineData("split%252Fid")]
    public async Task An_escaped_slash_in_the_path_is_never_taken_for_another_one(string path)
    {
        await SendSplitIdsAsync();

        using var response = await App.Http.GetAsync(new Uri($"results/news/{path}", UriKind.Relative), CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("split/id", "split%2Fid")]
    [InlineData("split/id", "split/id")]
    [InlineData("split%2Fid", "split%252Fid")]
    public async Task An_id_in_the_query_names_its_article(string id, string query)
    {
        await SendSplitIdsAsync();

        var page = await App.GetJsonAsync($"results/news?id={query}");

        Assert.Equal(id, Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_data_set_with_two_requests_is_trained_once()
    {
        // The desk rows under another name: a training of a few seconds.
        var content = await File.ReadAllTextAsync(Repository.Sample("desk.csv"), CancellationToken);
        var blob = App.Storage.Container(StorageNames.DatasetsContainer).GetBlobClient("twice/desk.csv");
        var uploaded = await blob.UploadAsync(BinaryData.FromString(content), overwrite: true, CancellationToken);
        var request = new TrainingRequest("twice/desk.csv", uploaded.Value.ETag.ToString(), "twice", TimeProvider.System.GetUtcNow());
        await App.Storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), CancellationToken);

        await Eventually.TrueAsync(
            async () => (await RunsAsync()) is { Count: > 0 } runs && runs.All(run => run.FinishedAt is not null) && await RequestsAsync() == 0,
            "the end of both requests",
            TimeSpan.FromMinutes(5));

        Assert.Single(await RunsAsync());

        async Task<IReadOnlyList<TrainingRun>> RunsAsync() => await App.Runs.ListAsync("twice", CancellationToken);

        async Task<int> RequestsAsync() =>
            (await App.Storage.Queue(StorageNames.TrainingRequestsQueue).GetPropertiesAsync(CancellationToken)).Value.ApproximateMessagesCount;
    }

    [Fact]
    public async Task A_worker_that_cannot_start_ends_the_host_with_an_error()
    {
        var settings = new Dictionary<string, string>
        {
            ["Storage"] = App.ConnectionString,
            ["Classifier__ReviewThreshold"] = "2",
        };
        await using var functions = LocalProgram.Start(settings, "functions", "--port", "0", "--until-input-ends");

        var exitCode = await functions.WaitAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("Classifier__ReviewThreshold", functions.Output, StringComparison.Ordinal);
        Assert.Contains("The Functions worker did not start.", functions.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_function_app_ends_the_host_with_an_error()
    {
        var (exitCode, output) = await LocalProgram.RunAsync("functions", "--port", "0", "--app", Path.GetTempPath());

        Assert.Equal(1, exitCode);
        Assert.Contains("is not a function app", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    private async Task SendSplitIdsAsync()
    {
        foreach (var id in (string[])["split/id", "split%2Fid"])
        {
            await App.SendAsync(JsonSerializer.Serialize(new { id, text = Sports }));
            await App.ResultAsync(id);
        }
    }

    public sealed class Fixture : SystemFixture;
}
