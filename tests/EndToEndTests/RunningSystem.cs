using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Serverless.Articles;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.EndToEndTests;

/// <summary>The whole local system, on its own ports and in its own folder, with short delays.</summary>
public sealed class RunningSystem : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    private readonly IReadOnlyDictionary<string, string> settings;
    private readonly string[] options;
    private RunningProgram program;

    private RunningSystem(string folder, IReadOnlyDictionary<string, string> settings, string[] options)
    {
        Folder = folder;
        this.settings = settings;
        this.options = options;
        program = Launch();
    }

    public string Folder { get; }

    public int Port => Http.BaseAddress!.Port;

    public HttpClient Http { get; private set; } = null!;

    public StorageClients Storage { get; private set; } = null!;

    public string ConnectionString { get; private set; } = "";

    public ResultStore Results => new(Storage);

    public TrainingRuns Runs => new(Storage);

    public string Output => program.Output;

    public string Log(string name) => File.ReadAllText(Path.Combine(Folder, "logs", $"{name}.log"));

    public static Task<RunningSystem> StartAsync(params string[] options) => StartAsync(null, options);

    /// <param name="settings">Environment variables of the functions, beside the short delays.</param>
    /// <param name="options">Options of <c>up</c>.</param>
    public static async Task<RunningSystem> StartAsync(IReadOnlyDictionary<string, string>? settings, params string[] options)
    {
        var system = new RunningSystem(Directory.CreateTempSubdirectory("serverless-").FullName, settings ?? new Dictionary<string, string>(), options);
        await system.WaitUntilUpAsync();
        return system;
    }

    /// <summary>Stops the system as Ctrl-C does.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> StopAsync() => program.InterruptAsync();

    /// <summary>Kills the process with SIGKILL.</summary>
    public Task CrashAsync() => program.KillAsync();

    /// <summary>Starts the stopped system again on the same data.</summary>
    public async Task StartAgainAsync()
    {
        await program.DisposeAsync();
        program = Launch();
        await WaitUntilUpAsync();
    }

    public async Task SendAsync(string body) =>
        await Storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync(body, TestContext.Current.CancellationToken);

    public async Task<ClassificationResult> ResultAsync(string id, string classifier = "news") =>
        await Eventually.GetAsync(() => Results.FindAsync(classifier, id, TestContext.Current.CancellationToken), $"a result of {classifier} for {id}");

    public async Task<HttpResponseMessage> PostAsync(string path, HttpContent content) =>
        await Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

    public async Task<HttpResponseMessage> PostJsonAsync(string path, string json) =>
        await PostAsync(path, new StringContent(json, new MediaTypeHeaderValue("application/json")));

    public async Task<JsonElement> GetJsonAsync(string path) =>
        JsonDocument.Parse(await Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).RootElement;

    /// <summary>Uploads a data set.</summary>
    /// <returns>Its training, once it has ended.</returns>
    public async Task<TrainingRun> TrainAsync(string blob, BinaryData content)
    {
        var client = Storage.Container(StorageNames.DatasetsContainer).GetBlobClient(blob);
        var uploaded = await client.UploadAsync(content, overwrite: true, TestContext.Current.CancellationToken);
        var etag = uploaded.Value.ETag.ToString();
        return await Eventually.GetAsync(
            async () => (await Runs.ListAsync(StorageNames.ParseClassifier(blob)!, TestContext.Current.CancellationToken))
                .FirstOrDefault(run => run.DatasetETag == etag && run.State is TrainingState.Published or TrainingState.Refused or TrainingState.Failed),
            $"an ended training on {blob}",
            TimeSpan.FromMinutes(5));
    }

    public async ValueTask DisposeAsync()
    {
        await program.StopAsync(); // and with it the processes that it started
        await program.DisposeAsync();
        Http?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private RunningProgram Launch()
    {
        var environment = new Dictionary<string, string>
        {
            ["Local__RetryDelay"] = "00:00:00.2",
            ["Local__MessageVisibility"] = "00:00:20",
            ["Local__MaxPollingInterval"] = "00:00:00.5",
            ["Local__BlobScanInterval"] = "00:00:00.3",
            ["Classifier__PollInterval"] = "00:00:00.5",
            ["Classifier__LoadWait"] = "00:00:10",
            ["Classifier__FirstVersionWait"] = "00:00:00",
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        string[] ports = ["--port", "0", "--blob-port", "0", "--queue-port", "0", "--table-port", "0"];
        return LocalProgram.Start(environment, ["up", "--data", Folder, .. ports, "--until-input-ends", .. options]);
    }

    private async Task WaitUntilUpAsync()
    {
        var file = Path.Combine(Folder, "endpoints.json");
        await Eventually.TrueAsync(
            () => Task.FromResult(program.HasExited || program.Output.Contains("Ctrl-C stops everything", StringComparison.Ordinal)),
            "the start of the system",
            StartTimeout);
        Assert.False(program.HasExited, program.Output);
        var endpoints = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(file));
        string Field(string name) => endpoints.GetProperty(name).GetString()!;
        Http?.Dispose();
        Http = new HttpClient { BaseAddress = new Uri(Field("Api")) };
        ConnectionString = Field("ConnectionString");
        Storage = new StorageClients(new ConfigurationBuilder().AddInMemoryCollection([new(StorageNames.Connection, ConnectionString)]).Build());
    }
}
