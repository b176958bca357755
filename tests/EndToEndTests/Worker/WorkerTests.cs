using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.EndToEndTests.Worker;

/// <summary>The compiled app on the genuine Functions worker, driven as the Functions host drives it.</summary>
public sealed class WorkerTests(WorkerTests.Up up) : IClassFixture<WorkerTests.Up>
{
    private const string Sports = "The striker scored twice as the team won the cup final.";

    private WorkerHost Host => up.Host;

    [Fact]
    public void The_worker_tells_the_host_exactly_these_functions_and_triggers()
    {
        Assert.Equal(
            [
                "Classify: httpTrigger post classify/{classifier?}",
                $"ClassifyArticle: queueTrigger {StorageNames.ArticlesQueue}",
                "Datasets: httpTrigger put datasets/{classifier}/{file}",
                "ExportReview: httpTrigger post datasets/{classifier}",
                "Health: httpTrigger get health",
                "LabelArticle: httpTrigger post review/{classifier}/{*id}",
                "ModelFile: httpTrigger get models/{classifier}/{version}/files/{*file}",
                "ModelVersions: httpTrigger get models/{classifier}",
                "Models: httpTrigger get models",
                "OpenApi: httpTrigger get openapi.json",
                "Page: httpTrigger get ui/{file?}",
                "PromoteModel: httpTrigger post models/{classifier}/{version}/promote",
                "RecentResults: httpTrigger get results/{classifier}",
                $"RecordPoisonArticle: queueTrigger {StorageNames.ArticlesPoisonQueue}",
                "Results: httpTrigger get results/{classifier}/{*id}",
                $"RetrainOnDataset: blobTrigger {StorageNames.DatasetPath} EventGrid",
                "Review: httpTrigger get review/{classifier}",
                "Runs: httpTrigger get runs",
            ],
            Host.Functions.Values.Select(function => $"{function.Name}: {Trigger(function)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_message_becomes_a_result_and_its_second_delivery_changes_nothing()
    {
        var message = Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { id = "worker-1", text = Sports })));

        var first = await Host.InvokeQueueAsync("ClassifyArticle", "message", message);
        var result = await up.System.ResultAsync("worker-1");
        var second = await Host.InvokeQueueAsync("ClassifyArticle", "message", message);
        var rejected = await Host.InvokeQueueAsync("ClassifyArticle", "message", "*not base64*");

        Assert.All([first, second, rejected], status => Assert.True(status.Status == StatusResult.Types.Status.Success, status.Exception?.Message));
        Assert.Equal("Sports", result.Label);
        Assert.Equal(result.CompletedAt, (await up.System.ResultAsync("worker-1")).CompletedAt);
        Assert.Equal(ClassificationStatus.Rejected, (await up.System.ResultAsync(Sha256Hex.OfText("*not base64*"))).Status);
    }

    [Fact]
    public async Task A_request_is_answered_by_the_workers_own_web_server_and_a_bad_one_gets_a_problem()
    {
        var (invoked, response) = await Host.InvokeHttpAsync("Classify", Post("api/classify/news", JsonSerializer.Serialize(new { text = Sports })), ("classifier", "news"));
        var (_, bad) = await Host.InvokeHttpAsync("Classify", Post("api/classify", "{\"text\":\"\"}"));
        var (_, unknown) = await Host.InvokeHttpAsync("Classify", Post("api/classify/nowhere", "{\"text\":\"hello\"}"), ("classifier", "nowhere"));

        Assert.True(invoked.Status == StatusResult.Types.Status.Success, invoked.Exception?.Message);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Sports", (await ReadAsync(response)).GetProperty("label").GetString());
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Equal("application/problem+json", bad.Content.Headers.ContentType?.MediaType);
        Assert.Equal("urn:serverless:problem:unknown-classifier", (await ReadAsync(unknown)).GetProperty("type").GetString());
    }

    [Fact]
    public async Task What_the_worker_invokes_is_traced_to_Application_Insights_and_what_it_logs_names_the_invocation()
    {
        await using var insights = await Insights.StartAsync();
        await using var host = await up.StartWorkerAsync(insights.Settings);

        await host.InvokeQueueAsync("ClassifyArticle", "message", "*not base64*");

        await insights.HasReceivedAsync("ClassifyArticle");
        await insights.HasReceivedAsync("was rejected");
        Assert.Matches("(?i)invocation_?id", insights.Received.First(item => item.Contains("was rejected", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_worker_that_is_told_to_terminate_ends_by_itself()
    {
        await using var host = await up.StartWorkerAsync();

        var exitCode = await host.TerminateAsync();

        Assert.Equal(0, exitCode);
    }

    private static HttpRequestMessage Post(string path, string json) =>
        new(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(json, new MediaTypeHeaderValue("application/json")) };

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

    /// <summary>What the host makes of a function's bindings: the trigger's type and the values that tell when it fires.</summary>
    private static string Trigger(RpcFunctionMetadata function)
    {
        var binding = function.RawBindings.Select(binding => JsonDocument.Parse(binding).RootElement)
            .Single(binding => binding.GetProperty("type").GetString()!.EndsWith("Trigger", StringComparison.Ordinal));
        string[] names = ["type", "methods", "queueName", "path", "source", "route"];
        return string.Join(' ', names.Where(name => binding.TryGetProperty(name, out _)).Select(name => Text(binding.GetProperty(name))));
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.Array ? string.Join(',', value.EnumerateArray()) : value.ToString();

    public sealed class Up : IAsyncLifetime
    {
        public RunningSystem System { get; private set; } = null!;

        internal WorkerHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            System = await RunningSystem.StartAsync();
            Host = await StartWorkerAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await System.DisposeAsync();
        }

        internal Task<WorkerHost> StartWorkerAsync(IReadOnlyDictionary<string, string>? settings = null) => WorkerHost.StartAsync(new Dictionary<string, string>(settings ?? new Dictionary<string, string>())
        {
            [StorageNames.Connection] = System.ConnectionString,
            ["Classifier__CacheFolder"] = Path.Combine(System.Folder, "models"),
        });
    }
}
