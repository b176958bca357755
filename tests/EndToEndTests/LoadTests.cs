using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.EndToEndTests;

/// <summary>Load tests, which run with <c>SERVERLESS_LOAD=1</c>.</summary>
/// <remarks>They write their measurements to the section Load of RELIABILITY.md, and assert what must hold on any machine.</remarks>
public sealed class LoadTests(LoadTests.Fixture fixture) : IClassFixture<LoadTests.Fixture>
{
    private const int Articles = 10_000;
    private const int Senders = 16;
    private const int Clients = 32;
    private const int Overload = 4;

    // The number of articles that are sent before the version is published.
    private static readonly (string Version, int Sent)[] Swaps = [("load-2", 3_000), ("load-3", 6_500)];
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static bool IsRequested => Environment.GetEnvironmentVariable("SERVERLESS_LOAD") == "1";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private RunningSystem App => fixture.App;

    [Fact]
    public async Task Ten_thousand_articles_get_one_result_each_while_the_model_is_swapped_twice()
    {
        Skip();
        var ids = Enumerable.Range(0, Articles).Select(i => $"load-{i:D5}").ToArray();
        await using var second = StartWorker();
        await using var third = StartWorker();
        var sent = 0;

        var started = Stopwatch.GetTimestamp();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = CancellationToken };
        var sending = Parallel.ForEachAsync(ids, parallel, async (id, _) =>
        {
            await App.SendAsync(Article(id));
            Interlocked.Increment(ref sent);
        });
        foreach (var (version, after) in Swaps)
        {
            await Eventually.TrueAsync(() => Task.FromResult(Volatile.Read(ref sent) >= after), $"{after} articles sent", Timeout);
            await PublishAsync(version);
        }

        await sending;
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "an empty queue", Timeout);
        var elapsed = Stopwatch.GetElapsedTime(started);

        var results = await RowsAsync(StorageNames.ClassificationsTable);
        var written = await RowsAsync(StorageNames.RecentTable);
        Assert.Equal(ids, results.Select(row => row.GetString("Id")).Order(StringComparer.Ordinal));
        Assert.Equal(ids, written.Select(row => row.GetString("Id")).Order(StringComparer.Ordinal));
        Assert.All(results, row => Assert.Equal("classified", row.GetString("Status")));
        var versions = results.GroupBy(row => row.GetString("ModelVersion"))
            .OrderBy(version => version.Min(row => row.GetDateTimeOffset("CompletedAt")))
            .ToArray();
        Assert.Equal(["starter", "load-2", "load-3"], versions.Select(version => version.Key));
        Report(
            "Queue",
            $"{Articles:N0} articles sent to the queue and classified by three function processes, with two swaps of the model: "
            + $"{results.Count:N0} results, each exactly one, no id missing, in {elapsed.TotalSeconds:0} s "
            + $"({Articles / elapsed.TotalSeconds:0} articles/s); {string.Join(", ", versions.Select(version => $"{version.Count():N0} by {version.Key}"))}.");
    }

    [Fact]
    public async Task Overload_gets_only_200_and_429_while_health_responds_and_memory_is_stable()
    {
        Skip();
        var capacity = await CapacityAsync();
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        var health = new List<double>();
        var memory = new List<long>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var watching = WatchAsync(health, memory, stop.Token);

        await SendAsync(capacity * Overload, statuses);
        await stop.CancelAsync();
        await watching;

        Assert.Subset(new HashSet<HttpStatusCode> { HttpStatusCode.OK, HttpStatusCode.TooManyRequests }, statuses.Keys.ToHashSet());
        Assert.All(statuses.Keys, status => Assert.True(statuses[status] > 0));
        var settled = memory[memory.Count / 4];
        Assert.InRange(memory[^1], 0, settled * 1.25);
        Report(
            "HTTP",
            $"one process answers {capacity:0} requests a second from {Clients} callers; at {Overload} times that rate for a minute: "
            + $"{string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Value:N0} responses with {(int)status.Key}"))} "
            + $"and no others; health responded all {health.Count} times, "
            + $"the slowest after {health.Max():0} ms; memory {settled >> 20} MB after a quarter of it and {memory[^1] >> 20} MB at the end.");
    }

    private static void Skip() =>
        Assert.SkipUnless(IsRequested, "skipped: load takes minutes and all cores; set SERVERLESS_LOAD=1 to run it.");

    private static string Article(string id) => JsonSerializer.Serialize(
        new { id, text = $"{id}: the substitute scored twice in extra time as Rovers beat the champions in the cup final." });

    private RunningProgram StartWorker() => LocalProgram.Start(
        new Dictionary<string, string>
        {
            ["Storage"] = App.ConnectionString,
            ["Classifier__CacheFolder"] = Path.Combine(App.Folder, "models"),
            ["Classifier__PollInterval"] = "00:00:00.5",
        },
        "functions", "--port", "0", "--until-input-ends");

    private async Task<int> CountAsync() =>
        (await App.Storage.Queue(StorageNames.ArticlesQueue).GetPropertiesAsync(CancellationToken)).Value.ApproximateMessagesCount;

    private async Task PublishAsync(string version)
    {
        var registry = new ModelRegistry(App.Storage, new TrainingRuns(App.Storage), Path.Combine(App.Folder, "load"), TimeProvider.System);
        var folder = Path.Combine(StarterModel.Folder, "adapters/news");
        await registry.Versions.UploadAsync("news", version, folder, StarterModel.BaseModel, null, null, CancellationToken);
        Assert.True(await registry.Pointers.PublishAsync("news", version, (await registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag, CancellationToken));
    }

    private async Task<IReadOnlyList<TableEntity>> RowsAsync(string table) =>
        await App.Storage.Table(table).QueryAsync<TableEntity>(select: ["Id", "Status", "ModelVersion", "CompletedAt"], cancellationToken: CancellationToken)
            .Where(row => row.GetString("Id").StartsWith("load-", StringComparison.Ordinal)).ToListAsync(CancellationToken);

    private async Task<HttpStatusCode> ClassifyAsync()
    {
        using var response = await App.PostJsonAsync("classify", Article("load"));
        return response.StatusCode;
    }

    /// <summary>The requests per second of a closed loop of clients.</summary>
    private async Task<double> CapacityAsync()
    {
        await ClassifyAsync();
        var responses = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        stop.CancelAfter(Warmup);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(HttpStatusCode.OK, await ClassifyAsync());
                Interlocked.Increment(ref responses);
            }
        }));
        return responses / Warmup.TotalSeconds;
    }

    /// <summary>Sends at a constant rate, without waiting for responses (an open loop).</summary>
    private async Task SendAsync(double perSecond, ConcurrentDictionary<HttpStatusCode, int> statuses)
    {
        var requests = new List<Task>();
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < Minute)
        {
            while (requests.Count < elapsed.TotalSeconds * perSecond)
            {
                requests.Add(Task.Run(async () => statuses.AddOrUpdate(await ClassifyAsync(), 1, (_, count) => count + 1), CancellationToken));
            }

            await Task.Delay(10, CancellationToken);
        }

        await Task.WhenAll(requests);
    }

    private async Task WatchAsync(List<double> health, List<long> memory, CancellationToken stop)
    {
        var functions = FunctionsProcess();
        while (!stop.IsCancellationRequested)
        {
            var sent = Stopwatch.GetTimestamp();
            using var response = await App.Http.GetAsync(new Uri("health", UriKind.Relative), CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            health.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            functions.Refresh();
            memory.Add(functions.WorkingSet64);
            await Task.Delay(500, CancellationToken.None);
        }
    }

    /// <summary>The process that listens for HTTP: the one with the port in its command line.</summary>
    private Process FunctionsProcess() => Process.GetProcesses().Single(process =>
        Path.Combine("/proc", $"{process.Id}", "cmdline") is var file && File.Exists(file)
        && File.ReadAllText(file).Split('\0') is var arguments && arguments.Contains("functions") && arguments.Contains($"{App.Port}"));

    /// <summary>Replaces a paragraph of RELIABILITY.md.</summary>
    private static void Report(string title, string text)
    {
        var machine = $"{Environment.ProcessorCount} cores, {DateTime.UtcNow:yyyy-MM-dd}";
        var file = Path.Combine(Repository.Root, "RELIABILITY.md");
        var lines = File.Exists(file) ? File.ReadAllLines(file).ToList() : ["# Reliability"];
        if (!lines.Contains("## Load"))
        {
            const string Command = "SERVERLESS_LOAD=1 dotnet test --project tests/EndToEndTests -c Release -- --filter-class '*LoadTests'";
            lines.AddRange(["", "## Load", "", $"Written by `{Command}`."]);
        }

        lines.RemoveAll(line => line.StartsWith($"**{title}** ", StringComparison.Ordinal));
        lines.InsertRange(lines.IndexOf("## Load") + 3, ["", $"**{title}** ({machine}): {text}"]);
        File.WriteAllText(file, string.Join('\n', lines).TrimEnd() + "\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public RunningSystem App { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            if (IsRequested)
            {
                App = await RunningSystem.StartAsync();
            }
        }

        public ValueTask DisposeAsync() => App?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
