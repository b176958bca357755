using System.Net;
using System.Text.Json;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.EndToEndTests;

/// <summary>The local Functions host and the worker process that it drives.</summary>
public sealed class FunctionsHostTests(FunctionsHostTests.Up up) : IClassFixture<FunctionsHostTests.Up>
{
    private const string Sports = "The striker scored twice as the team won the cup final.";

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private RunningSystem System => up.System;

    [Theory]
    [InlineData("DELETE", "health")]
    [InlineData("HEAD", "health")]
    [InlineData("OPTIONS", "classify")]
    [InlineData("GET", "classify")]
    [InlineData("GET", "nowhere")]
    public async Task A_wrong_method_or_address_gets_404_without_a_body(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));

        using var response = await System.Http.SendAsync(request, Ended);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Ended));
    }

    [Theory]
    [InlineData("wire/2026/11", "wire/2026/11")]
    [InlineData("wire/2026/12", "wire%2F2026%2F12")]
    [InlineData("two words ü 語", "two%20words%20%C3%BC%20%E8%AA%9E")]
    [InlineData("100 %?#", "100%20%25%3F%23")]
    public async Task An_id_reaches_the_function_through_the_address(string id, string path)
    {
        await System.SendAsync(JsonSerializer.Serialize(new { id, text = Sports }));
        await System.ResultAsync(id);

        var result = await System.GetJsonAsync($"results/news/{path}");

        Assert.Equal(id, result.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_data_set_that_is_announced_twice_is_trained_on_once()
    {
        // Desk rows under another name: enough for a training of a few seconds.
        var content = await File.ReadAllTextAsync(Repository.Sample("desk.csv"), Ended);
        var blob = System.Storage.Container(StorageNames.DatasetsContainer).GetBlobClient("twice/desk.csv");
        var uploaded = await blob.UploadAsync(BinaryData.FromString(content), overwrite: true, Ended);
        var request = new TrainingRequest("twice/desk.csv", uploaded.Value.ETag.ToString(), "twice", TimeProvider.System.GetUtcNow());
        await System.Storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), Ended);

        await Eventually.TrueAsync(async () => await RequestsAsync() == 0 && (await RunsAsync()).All(run => run.FinishedAt is not null), "both requests done", TimeSpan.FromMinutes(5));

        Assert.Single(await RunsAsync());

        async Task<IReadOnlyList<TrainingRun>> RunsAsync() => await System.Runs.ListAsync("twice", Ended);

        async Task<int> RequestsAsync() =>
            (await RunsAsync()).Count == 0 ? 1 : (await System.Storage.Queue(StorageNames.TrainingRequestsQueue).GetPropertiesAsync(Ended)).Value.ApproximateMessagesCount;
    }

    [Fact]
    public async Task A_worker_that_cannot_start_ends_the_host_with_one_sentence()
    {
        var settings = new Dictionary<string, string>
        {
            ["Storage"] = System.ConnectionString,
            ["Classifier__ReviewThreshold"] = "2",
        };
        await using var functions = LocalProgram.Start(settings, "functions", "--port", "0", "--until-input-ends");

        var exitCode = await functions.WaitAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("Classifier__ReviewThreshold", functions.Output, StringComparison.Ordinal);
        Assert.Contains("The Functions worker did not start.", functions.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_function_app_ends_the_host_with_one_sentence()
    {
        var (exitCode, output) = await LocalProgram.RunAsync("functions", "--port", "0", "--app", Path.GetTempPath());

        Assert.Equal(1, exitCode);
        Assert.Contains("is not a function app", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    public sealed class Up : SystemFixture;
}
