using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.EndToEndTests;

/// <summary>
/// Load, on request: <c>SERVERLESS_LOAD=1</c>. What was measured is written into the section Load of RELIABILITY.md; only what
/// must hold on any machine is asserted.
/// </summary>
public sealed class LoadTests(LoadTests.Up up) : IClassFixture<LoadTests.Up>
{
    private const int Articles = 10_000;
    private const int Senders = 16;
    private const int Clients = 32;
    private const int Overload = 4;

    // How many articles are sent when the next version is published.
    private static readonly (string Version, int Sent)[] Swaps = [("load-2", 3_000), ("load-3", 6_500)];
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private RunningSystem System => up.System;

    [Fact]
    public async Task Ten_thousand_articles_give_one_result_each_while_three_workers_swap_the_model_twice()
    {
        Skip();
        var ids = Enumerable.Range(0, Articles).Select(i => $"load-{i:D5}").ToArray();
        await using var second = StartWorker();
        await using var third = StartWorker();
        var sent = 0;

        var started = Stopwatch.GetTimestamp();
        var sending = Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = Ended }, async (id, _) =>
        {
            await System.SendAsync(Article(id));
            Interlocked.Increment(ref sent);
        });
        foreach (var (version, after) in Swaps)
        {
            await Eventually.TrueAsync(() => Task.FromResult(Volatile.Read(ref sent) >= after), $"{after} articles sent", Patience);
            await PublishAsync(version);
        }

        await sending;
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "an empty queue", Patience);
        var elapsed = Stopwatch.GetElapsedTime(started);

        var results = await RowsAsync(StorageNames.ClassificationsTable);
        var written = await RowsAsync(StorageNames.RecentTable);
        Assert.Equal(ids, results.Select(row => row.GetString("Id")).Order(StringComparer.Ordinal));
        Assert.Equal(ids, written.Select(row => row.GetString("Id")).Order(StringComparer.Ordinal));
        Assert.All(results, row => Assert.Equal("classified", row.GetString("Status")));
        var versions = results.GroupBy(row => row.GetString("ModelVersion")).OrderBy(version => version.Min(row => row.GetDateTimeOffset("CompletedAt"))).ToArray();
        Assert.Equal(["starter", "load-2", "load-3"], versions.Select(version => version.Key));
        Report(
            "Queue",
            $"{Articles:N0} articles sent to the queue and classified by three function processes, the model swapped twice on the way: {results.Count:N0} results, each exactly one, no id missing, in {elapsed.TotalSeconds:0} s "
            + $"({Articles / elapsed.TotalSeconds:0} articles/s); {string.Join(", ", versions.Select(version => $"{version.Count():N0} by {version.Key}"))}.");
    }

    [Fact]
    public async Task Four_times_what_it_can_answer_gives_only_200_and_429_while_health_answers_and_memory_stays()
    {
        Skip();
        var capacity = await CapacityAsync();
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        var health = new List<double>();
        var memory = new List<long>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ended);
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
            $"{capacity:0} requests a second is what one process answers to {Clients} callers here; at {Overload} times that for a minute: "
            + $"{string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Value:N0} with {(int)status.Key}"))} and nothing else; health answered all {health.Count} times, "
            + $"the slowest after {health.Max():0} ms; memory {settled >> 20} MB after a quarter of it and {memory[^1] >> 20} MB at the end.");
    }

    private static void Skip() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SERVERLESS_LOAD") == "1", "skipped: load takes minutes and all cores; set SERVERLESS_LOAD=1 to run it.");

    private static string Article(string id) => JsonSerializer.Serialize(new { id, text = $"{id}: the substitute scored twice in extra time as Rovers beat the champions in the cup final." });

    private RunningProgram StartWorker() => LocalProgram.Start(
        new Dictionary<string, string>
        {
            ["Storage"] = System.ConnectionString,
            ["Classifier__CacheFolder"] = Path.Combine(System.Folder, "models"),
            ["Classifier__PollInterval"] = "00:00:00.5",
        },
        "functions", "--port", "0", "--until-input-ends");

    private async Task<int> CountAsync() => (await System.Storage.Queue(StorageNames.ArticlesQueue).GetPropertiesAsync(Ended)).Value.ApproximateMessagesCount;

    private async Task PublishAsync(string version)
    {
        var registry = new ModelRegistry(System.Storage, Path.Combine(System.Folder, "load"), TimeProvider.System);
        await registry.UploadVersionAsync("news", version, Path.Combine(StarterModel.Folder, "adapters/news"), StarterModel.BaseModel, null, null, Ended);
        Assert.True(await registry.PublishAsync("news", version, (await registry.ReadPointerAsync("news", null, Ended)).ETag, Ended));
    }

    private async Task<IReadOnlyList<TableEntity>> RowsAsync(string table) =>
        await System.Storage.Table(table).QueryAsync<TableEntity>(select: ["Id", "Status", "ModelVersion", "CompletedAt"], cancellationToken: Ended)
            .Where(row => row.GetString("Id").StartsWith("load-", StringComparison.Ordinal)).ToListAsync(Ended);

    private async Task<HttpStatusCode> AskAsync()
    {
        using var response = await System.PostJsonAsync("classify", Article("load"));
        return response.StatusCode;
    }

    /// <summary>Requests a second, as many callers as keep it busy, each asking again when it is answered.</summary>
    private async Task<double> CapacityAsync()
    {
        await AskAsync();
        var answered = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        stop.CancelAfter(Warmup);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(HttpStatusCode.OK, await AskAsync());
                Interlocked.Increment(ref answered);
            }
        }));
        return answered / Warmup.TotalSeconds;
    }

    /// <summary>Sends at a steady rate, whether answers come or not.</summary>
    private async Task SendAsync(double perSecond, ConcurrentDictionary<HttpStatusCode, int> statuses)
    {
        var asking = new List<Task>();
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < Minute)
        {
            while (asking.Count < elapsed.TotalSeconds * perSecond)
            {
                asking.Add(Task.Run(async () => statuses.AddOrUpdate(await AskAsync(), 1, (_, count) => count + 1), Ended));
            }

            await Task.Delay(10, Ended);
        }

        await Task.WhenAll(asking);
    }

    private async Task WatchAsync(List<double> health, List<long> memory, CancellationToken stop)
    {
        var functions = FunctionsProcess();
        while (!stop.IsCancellationRequested)
        {
            var asked = Stopwatch.GetTimestamp();
            using var response = await System.Http.GetAsync(new Uri("health", UriKind.Relative), Ended);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            health.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            functions.Refresh();
            memory.Add(functions.WorkingSet64);
            await Task.Delay(500, CancellationToken.None);
        }
    }

    /// <summary>The process that listens for HTTP: the one with the port in its command line.</summary>
    private Process FunctionsProcess() => Process.GetProcesses().Single(process =>
        Path.Combine("/proc", $"{process.Id}", "cmdline") is var file && File.Exists(file)
        && File.ReadAllText(file).Split('\0') is var arguments && arguments.Contains("functions") && arguments.Contains($"{System.Port}"));

    /// <summary>Replaces one paragraph of the report.</summary>
    private static void Report(string title, string text)
    {
        var machine = $"{Environment.ProcessorCount} cores, {DateTime.UtcNow:yyyy-MM-dd}";
        var file = Path.Combine(Repository.Root, "RELIABILITY.md");
        var lines = File.Exists(file) ? File.ReadAllLines(file).ToList() : ["# Reliability"];
        if (!lines.Contains("## Load"))
        {
            lines.AddRange(["", "## Load", "", "Written by `SERVERLESS_LOAD=1 dotnet test --project tests/EndToEndTests -c Release -- --filter-class '*LoadTests'`."]);
        }

        lines.RemoveAll(line => line.StartsWith($"**{title}** ", StringComparison.Ordinal));
        lines.InsertRange(lines.IndexOf("## Load") + 3, ["", $"**{title}** ({machine}): {text}"]);
        File.WriteAllText(file, string.Join('\n', lines).TrimEnd() + "\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    public sealed class Up : IAsyncLifetime
    {
        public RunningSystem System { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            if (Environment.GetEnvironmentVariable("SERVERLESS_LOAD") == "1")
            {
                System = await RunningSystem.StartAsync();
            }
        }

        public ValueTask DisposeAsync() => System?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
