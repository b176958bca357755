namespace Serverless.Costs;

/// <summary>A number that the estimates use, with its unit, its source and the date of the look-up or measurement.</summary>
public sealed record Input(string Name, double Value, string Unit, string Source, DateOnly Date)
{
    public static implicit operator double(Input input) => input.Value;
}

/// <summary>List prices in US dollars, pay as you go. After a change, run the program again.</summary>
public static class Prices
{
    private const string ContainerAppsPage = "azure.microsoft.com/pricing/details/container-apps, as quoted by users";
    private const string StoragePage = "azure.microsoft.com/pricing/details/storage, hot, LRS, as quoted by users";
    private const string FromMemory = "list price known to the author, not looked up again";

    private static readonly DateOnly LookedUp = new(2026, 11, 23);
    private static readonly DateOnly PublicLog = new(2026, 8, 28);

    public static readonly Input VcpuSecond = new("Container Apps, vCPU, active", 0.000024, "$/s", ContainerAppsPage, LookedUp);
    public static readonly Input GibSecond = new("Container Apps, GiB of memory", 0.000003, "$/s", ContainerAppsPage, LookedUp);
    public static readonly Input T4Hour = new(
        "Container Apps, T4 replica (8 vCPU, 56 GiB)", 1.6632, "$/h", "Azure Retail Prices API, Central India, in a public deployment log", PublicLog);
    public static readonly Input RegistryMonth = new("Container Registry, Basic", 5.0, "$/month", "a public deployment log", PublicLog);
    public static readonly Input BlobGbMonth = new("Blobs, space", 0.018, "$/GB/month", StoragePage, LookedUp);
    public static readonly Input BlobWrites = new("Blobs, 10,000 writes", 0.065, "$", StoragePage, LookedUp);
    public static readonly Input QueueOperations = new("Queues, 10,000 operations", 0.0004, "$", StoragePage, LookedUp);
    public static readonly Input TableOperations = new("Tables, 10,000 operations", 0.00036, "$", FromMemory, LookedUp);
    public static readonly Input LogGb = new("Log Analytics, ingestion", 2.30, "$/GB", FromMemory, LookedUp);
    public static readonly Input AlertRuleMonth = new("Log alert rule, every 15 minutes", 0.50, "$/month", FromMemory, LookedUp);
    public static readonly Input MetricRuleMonth = new("Metric alert rule", 0.10, "$/month", FromMemory, LookedUp);

    public static IReadOnlyList<Input> All { get; } =
        [VcpuSecond, GibSecond, T4Hour, RegistryMonth, BlobGbMonth, BlobWrites, QueueOperations, TableOperations, LogGb, AlertRuleMonth, MetricRuleMonth];
}

/// <summary>Measurements and assumptions on this system and on the platform. After a change, run the program again.</summary>
public static class Measurements
{
    // A line of the worker's console, and the line of the host that names its category.
    private const double ConsoleLineKb = 0.2;

    private const string Targets = "scalability targets of Azure Storage";

    private const string Host = "Azure Functions host 4.1037";

    private static readonly DateOnly Measured = new(2026, 11, 23);
    private static readonly DateOnly MeasuredOnHost = new(2026, 11, 26);
    private static readonly DateOnly PublicLog = new(2026, 8, 28);

    // The model. Four vCPUs of Container Apps are two cores with two threads each; the benchmark's machine has two virtual cores.
    // A test holds this rate equal to that of BENCHMARKS.md.
    public static readonly Input CpuArticlesPerSecond = new(
        "Llama 3.2 1B, bf16, 4 vCPU", 3.48, "articles/s", "BENCHMARKS.md: AMD EPYC (family 25, model 17), 2 virtual cores", Measured);
    public static readonly Input CpuBatchSeconds = new("a batch of 16 on 4 vCPU", 16 / CpuArticlesPerSecond, "s", "16 articles at that rate", Measured);
    public static readonly Input T4ArticlesPerSecond = new(
        "Llama 3.2 1B, fp16, T4", 7600 / 165.0, "articles/s", "evaluation in the published recipe: 7,600 articles in 165 s", Measured);
    public static readonly Input T4TrainingSeconds = new("a training on a T4", 5922, "s", "the published recipe, 120,000 articles", Measured);
    public static readonly Input BaseGb = new("Llama 3.2 1B, bf16, on disk", 2.47, "GB", "size of model.safetensors", Measured);

    // The platform.
    public static readonly Input ScalerPollingSeconds = new("polling interval of the scaler", 30, "s", "functions.bicep", Measured);
    public static readonly Input CooldownSeconds = new("cool-down period of a replica", 300, "s", "functions.bicep", Measured);
    public static readonly Input ArticlesPerReplica = new("waiting articles per replica", 200, "articles", "functions.bicep", Measured);
    public static readonly Input MaxReplicas = new("maximum number of replicas", 10, "replicas", "main.bicepparam", Measured);
    public static readonly Input StartSeconds = new(
        "start of a replica and its process", 32, "s", "a public deployment log: 35.6 s with an image of 0.42 GB", PublicLog);
    public static readonly Input PullGbPerSecond = new("image pull", 0.123, "GB/s", "a public deployment log: 9.7 GB in 78.65 s", PublicLog);
    public static readonly Input FunctionsImageGb = new(
        "functions image", 1.8, "GB", "Functions base image 1.3 GB (public log), libtorch 0.5 GB", Measured);
    public static readonly Input TrainerImageGb = new("trainer image", 7, "GB", "assumed: CUDA libraries of libtorch", Measured);
    public static readonly Input DownloadGbPerSecond = new("download of the base model", 0.2, "GB/s", "assumed; 4 vCPU, parallel ranges", Measured);
    public static readonly Input LoadSeconds = new("mapping and first read of the weights", 0.5, "s", "0.26 s measured with a warm page cache", Measured);

    // An article.
    public static readonly Input ResultKb = new("result blob", 2, "KB", "assumed", Measured);
    public static readonly Input ResultDays = new("retention of results", 365, "days", "storage.bicep", Measured);
    // Logs. Raw JSON of the records and bytes of the console; the columns that Log Analytics adds to each row are not measured.
    public static readonly Input LogKb = new(
        "telemetry and console of an article", 1.0 + ConsoleLineKb, "KB", $"{Host}: 1 record of 1 KB (3 KB in 3 records before), one line", MeasuredOnHost);
    public static readonly Input RequestLogKb = new(
        "telemetry and console of an HTTP request", 0.02 + 0.32, "KB", $"{Host}: 2 records and 32 KB of console in 100 requests (1,806 and 145 KB before)", MeasuredOnHost);
    public static readonly Input IdleLogKbMinute = new(
        "telemetry of a replica that runs", 54, "KB/min", $"{Host}: 60 spans of polling (and 32 KB of console before)", MeasuredOnHost);
    public static readonly Input LogRules = new("log alert rules", 6, "rules", "alerts.bicep", MeasuredOnHost);
    public static readonly Input MetricRules = new("metric alert rules", 5, "rules", "alerts.bicep", MeasuredOnHost);
    public static readonly Input QueueOperations = new("queue operations per article", 3, "operations", "put, get, delete", Measured);
    public static readonly Input TableOperations = new(
        "table operations per article", 3, "operations", "read and write in classifications, write in recent", Measured);

    // Limits of Azure Storage.
    public static readonly Input QueuePerSecond = new("limit of a queue", 2000, "operations/s", $"{Targets}, messages of 1 KiB", Measured);
    public static readonly Input PartitionPerSecond = new("limit of a table partition", 2000, "entities/s", Targets, Measured);
    public static readonly Input AccountPerSecond = new("limit of a storage account", 20000, "operations/s", Targets, Measured);
    public static readonly Input ReceiveBatch = new("messages per get", 16, "messages", "host.json, batchSize", Measured);
    public static readonly Input ClassificationPartitions = new(
        "partitions of the table classifications", 16, "partitions", "first hex digit of the hash", Measured);

    /// <summary>Planned share of a replica's capacity. The rest absorbs uneven arrival.</summary>
    public static readonly Input Utilisation = new("planned load of a replica", 0.8, "", "chosen", Measured);

    public static IReadOnlyList<Input> All { get; } =
    [
        CpuArticlesPerSecond, CpuBatchSeconds, T4ArticlesPerSecond, T4TrainingSeconds, BaseGb, ScalerPollingSeconds, CooldownSeconds,
        ArticlesPerReplica, MaxReplicas, StartSeconds, PullGbPerSecond, FunctionsImageGb, TrainerImageGb, DownloadGbPerSecond, LoadSeconds,
        ResultKb, ResultDays, LogKb, RequestLogKb, IdleLogKbMinute, LogRules, MetricRules, QueueOperations, TableOperations, QueuePerSecond, PartitionPerSecond, AccountPerSecond, ReceiveBatch,
        ClassificationPartitions, Utilisation,
    ];
}
