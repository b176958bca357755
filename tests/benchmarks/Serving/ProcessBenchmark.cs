using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Benchmarks.Report;
using Serverless.Local.Processes;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.Benchmarks.Serving;

/// <summary>The function app with the 1B shape as a process: cold start, memory, a swap, and concurrent callers.</summary>
internal static class ProcessBenchmark
{
    private const int Starts = 5;
    private const int Callers = 8;
    private static readonly TimeSpan Load = TimeSpan.FromSeconds(30);

    /// <returns>Markdown.</returns>
    public static async Task<string> RunAsync(string cache, CancellationToken cancellationToken)
    {
        var app = await PublishedFunctions.PublishAsync(Path.Combine(cache, "functions"), cancellationToken);
        await using var account = await Account.StartAsync(Path.Combine(cache, "account"), cancellationToken);
        var registry = account.Services.GetRequiredService<ModelRegistry>();
        await registry.Bases.UploadAsync(ModelFolder.BaseName, ModelFolder.Base(cache), cancellationToken);
        var first = await PublishAsync(registry, ModelFolder.Adapter(cache, 1), cancellationToken);

        // Inherited by the function host.
        Environment.SetEnvironmentVariable("Classifier__Base", ModelFolder.BaseName);
        Environment.SetEnvironmentVariable("Classifier__LoadAtStart", "true"); // as in Azure
        Environment.SetEnvironmentVariable("Classifier__PollInterval", "00:00:01");
        using var http = new HttpClient { BaseAddress = account.Endpoints.Api, Timeout = TimeSpan.FromMinutes(2) };
        var texts = Articles.Texts(256, seed: 2);
        Console.Error.WriteLine("Filling the cache folder");
        await using (await StartAsync(account, app, http, texts[0], new Figures(), cancellationToken))
        {
        }

        var figures = new Figures { Weights = new FileInfo(Path.Combine(ModelFolder.Base(cache), "model.safetensors")).Length };
        var cachedBase = Path.Combine(account.Folder.Models, "base");
        figures.Reading = Read(Directory.EnumerateFiles(cachedBase, "model.safetensors", SearchOption.AllDirectories).First());
        Console.Error.WriteLine($"{Starts} cold starts");
        for (var i = 1; i < Starts; i++)
        {
            await using (await StartAsync(account, app, http, texts[0], figures, cancellationToken))
            {
            }
        }

        await using var functions = await StartAsync(account, app, http, texts[0], figures, cancellationToken);
        var responded = Stopwatch.GetTimestamp();
        await using var memory = new ProcessMemory(WorkerOf(functions));
        await WaitForMergeAsync(http, first, cancellationToken);
        figures.Merged = Stopwatch.GetElapsedTime(responded);
        figures.PeakOfLoad = memory.TakePeak();

        Console.Error.WriteLine($"{Callers} callers");
        await LoadAsync(http, texts, figures, cancellationToken);

        Console.Error.WriteLine("Swap");
        memory.TakePeak();
        var swap = Stopwatch.GetTimestamp();
        var second = await PublishAsync(registry, ModelFolder.Adapter(cache, 2), cancellationToken);
        await WaitForMergeAsync(http, second, cancellationToken);
        figures.Swap = Stopwatch.GetElapsedTime(swap);
        figures.PeakOfSwap = memory.TakePeak();
        return figures.Table();
    }

    private static async Task<string> PublishAsync(ModelRegistry registry, string folder, CancellationToken cancellationToken)
    {
        var version = StorageNames.NewVersion(DateTimeOffset.UtcNow);
        await registry.Versions.UploadAsync("news", version, folder, ModelFolder.BaseName, dataset: null, datasetETag: null, cancellationToken);
        var serving = await registry.Pointers.ReadAsync("news", null, cancellationToken);
        await registry.Pointers.PublishAsync("news", version, serving.ETag, cancellationToken);
        return version;
    }

    /// <summary>Starts a process and waits for the response to its first article.</summary>
    private static async Task<ChildProcess> StartAsync(
        Account account, string app, HttpClient http, string text, Figures figures, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var functions = await FunctionsProcess.StartAsync(account.Folder, account.Endpoints, keys: false, _ => { }, cancellationToken, app);
        figures.Listening.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
        using var host = Process.GetProcessById(functions.Id);
        using var worker = Process.GetProcessById(WorkerOf(functions));
        figures.HostStart.Add((worker.StartTime - host.StartTime).TotalSeconds);
        await ClassifyAsync(http, [text], cancellationToken);
        figures.FirstResponse.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
        return functions;
    }

    /// <summary>The worker process, the only child of the host.</summary>
    private static int WorkerOf(ChildProcess host) => Directory.EnumerateDirectories($"/proc/{host.Id}/task")
        .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(child => int.Parse(child, CultureInfo.InvariantCulture))
        .Single();

    private static TimeSpan Read(string file)
    {
        var buffer = new byte[1 << 20];
        using (var once = File.OpenRead(file)) // into the page cache
        {
            while (once.Read(buffer) > 0)
            {
            }
        }

        var begin = Stopwatch.GetTimestamp();
        using var again = File.OpenRead(file);
        while (again.Read(buffer) > 0)
        {
        }

        return Stopwatch.GetElapsedTime(begin);
    }

    private static async Task<TimeSpan> ClassifyAsync(HttpClient http, string[] texts, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        using var response = await http.PostAsJsonAsync(new Uri("classify", UriKind.Relative), texts.Select(text => new { text }), cancellationToken);
        response.EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(begin);
    }

    private static async Task WaitForMergeAsync(HttpClient http, string version, CancellationToken cancellationToken)
    {
        for (var merged = false; !merged; await Task.Delay(50, cancellationToken))
        {
            var status = await http.GetFromJsonAsync<JsonElement>(new Uri("status", UriKind.Relative), cancellationToken);
            merged = status.GetProperty("classifiers").EnumerateArray()
                .Any(classifier => classifier.GetProperty("version").GetString() == version && classifier.GetProperty("merged").GetBoolean());
        }
    }

    /// <summary>Measures a micro-batch of all callers' texts, then concurrent callers with one text each, and health meanwhile.</summary>
    private static async Task LoadAsync(HttpClient http, string[] texts, Figures figures, CancellationToken cancellationToken)
    {
        var batches = new Series();
        for (var i = 0; i < 5; i++)
        {
            batches.Add((await ClassifyAsync(http, texts[(i * Callers)..((i + 1) * Callers)], cancellationToken)).TotalMilliseconds);
        }

        figures.BatchMilliseconds = batches.Median;
        using var stopping = new CancellationTokenSource(Load);
        var calls = Enumerable.Range(0, Callers).Select(async caller =>
        {
            var times = new List<double>();
            for (var i = caller; !stopping.IsCancellationRequested; i += Callers)
            {
                times.Add((await ClassifyAsync(http, [texts[i % texts.Length]], cancellationToken)).TotalMilliseconds);
            }

            return times;
        }).ToArray();
        var health = new List<double>();
        while (!stopping.IsCancellationRequested)
        {
            var begin = Stopwatch.GetTimestamp();
            using var response = await http.GetAsync(new Uri("health", UriKind.Relative), cancellationToken);
            health.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            await Task.Delay(20, cancellationToken);
        }

        double[] latencies = [.. (await Task.WhenAll(calls)).SelectMany(times => times)];
        figures.ResponseP99 = Percentile99(latencies);
        figures.HealthP99 = Percentile99(health);
        figures.ArticlesPerSecond = latencies.Length / Load.TotalSeconds;
    }

    private static double Percentile99(IReadOnlyCollection<double> values) => values.Order().ElementAt((int)Math.Ceiling(values.Count * 0.99) - 1);

    private sealed class Figures
    {
        public long Weights { get; init; }

        public TimeSpan Reading { get; set; }

        /// <summary>Seconds from the start of the host's process to that of the worker's.</summary>
        public Series HostStart { get; } = new();

        public Series Listening { get; } = new();

        public Series FirstResponse { get; } = new();

        public TimeSpan Merged { get; set; }

        public TimeSpan Swap { get; set; }

        public long PeakOfLoad { get; set; }

        public long PeakOfSwap { get; set; }

        public double BatchMilliseconds { get; set; }

        public double ResponseP99 { get; set; }

        public double HealthP99 { get; set; }

        public double ArticlesPerSecond { get; set; }

        private double MaxStart => 2.5 + 1.5 * Reading.TotalSeconds;

        private double MaxMemory => 1.15 * Weights + 400e6;

        public string Table() => string.Create(CultureInfo.InvariantCulture, $"""
            ## The function app with the 1B shape

            The app as it is published into the image, run by the local Functions host and called over HTTP; its files are in the cache folder and in the page cache.

            | what must hold | bar | measured | |
            | --- | --- | --- | --- |
            | from the start of the host to the first answer, median of {Starts} | ≤ {MaxStart:0.00} s: 2.5 s and 1.5 × {Reading.TotalSeconds:0.00} s, reading the base once | {FirstResponse.Median:0.00} s ({FirstResponse.Min:0.00} to {FirstResponse.Max:0.00}; listening after {Listening.Median:0.00}) | {Bar.AtMost(FirstResponse.Median, MaxStart)} |
            | of which the host itself, before it starts the worker process | | {HostStart.Median:0.00} s | |
            | from then until the adapter is merged, in the background | | {Merged.TotalSeconds:0.00} s | |
            | most memory of the worker's own (RssAnon), load and merge | ≤ {MaxMemory / 1e9:0.00} GB | {PeakOfLoad / 1e9:0.00} GB | {Bar.AtMost(PeakOfLoad, MaxMemory)} |
            | the same, swap to another version | ≤ {MaxMemory / 1e9:0.00} GB | {PeakOfSwap / 1e9:0.00} GB, {Swap.TotalSeconds:0.0} s from publishing to merged | {Bar.AtMost(PeakOfSwap, MaxMemory)} |
            | {Callers} callers at once, p99 | ≤ 1.5 × {BatchMilliseconds:0} ms, a micro-batch of {Callers} | {ResponseP99:0} ms ({ResponseP99 / BatchMilliseconds:0.00} ×), {ArticlesPerSecond:0.0} articles/s | {Bar.AtMost(ResponseP99, 1.5 * BatchMilliseconds)} |
            | `/api/health` meanwhile, p99 | < 100 ms | {HealthP99:0} ms | {Bar.AtMost(HealthP99, 100)} |
            """);
    }
}
