namespace Serverless.Costs;

/// <summary>What was measured or is assumed of this system and of the platform. Replace a number and run the program again.</summary>
public static class Measurements
{
    private static readonly DateOnly Measured = new(2026, 11, 23);
    private static readonly DateOnly PublicLog = new(2026, 8, 28);

    // The model. Four vCPUs of Container Apps are two cores with two threads each; the benchmark's machine has two virtual cores.
    public static readonly Input CpuArticlesPerSecond = new("Llama 3.2 1B, bf16, 4 vCPU", 2.95, "articles/s", "BENCHMARKS.md: AMD EPYC (family 25, model 17), 2 virtual cores; a faster processor does more", Measured);
    public static readonly Input CpuBatchSeconds = new("one batch of 16 on 4 vCPU", 16 / CpuArticlesPerSecond, "s", "16 articles at that rate", Measured);
    public static readonly Input T4ArticlesPerSecond = new("Llama 3.2 1B, fp16, T4", 7600 / 165.0, "articles/s", "the published recipe's own evaluation: 7,600 articles in 165 s", Measured);
    public static readonly Input T4TrainingSeconds = new("one retraining on a T4", 5922, "s", "the published recipe, 120,000 articles", Measured);
    public static readonly Input BaseGb = new("Llama 3.2 1B, bf16, on disk", 2.47, "GB", "size of model.safetensors", Measured);

    // The platform.
    public static readonly Input ScalerPollingSeconds = new("the scaler asks the queue every", 30, "s", "main.bicep", Measured);
    public static readonly Input CooldownSeconds = new("a replica stays after the last article", 300, "s", "main.bicep", Measured);
    public static readonly Input ArticlesPerReplica = new("waiting articles for each replica", 200, "articles", "main.bicep", Measured);
    public static readonly Input MaxReplicas = new("replicas at most", 10, "replicas", "main.bicepparam", Measured);
    public static readonly Input StartSeconds = new("a replica is placed and its process is up after", 32, "s", "a public deployment log: 35.6 s with an image of 0.42 GB", PublicLog);
    public static readonly Input PullGbPerSecond = new("image pull", 0.123, "GB/s", "a public deployment log: 9.7 GB in 78.65 s", PublicLog);
    public static readonly Input FunctionsImageGb = new("functions image", 1.8, "GB", "Functions base image 1.3 GB (public log), libtorch 0.5 GB", Measured);
    public static readonly Input TrainerImageGb = new("trainer image", 7, "GB", "assumed: CUDA libraries of libtorch", Measured);
    public static readonly Input DownloadGbPerSecond = new("base model from its blob", 0.2, "GB/s", "assumed; 4 vCPU, parallel ranges", Measured);
    public static readonly Input LoadSeconds = new("map the weights and touch them once", 0.5, "s", "0.26 s measured with a warm page cache", Measured);

    // An article.
    public static readonly Input ResultKb = new("result blob", 2, "KB", "assumed", Measured);
    public static readonly Input ResultDays = new("results are kept", 365, "days", "storage.bicep", Measured);
    public static readonly Input LogKb = new("logs and traces of an article", 0.5, "KB", "assumed, after sampling", Measured);
    public static readonly Input QueueOperations = new("queue operations of an article", 3, "operations", "put, get, delete", Measured);
    public static readonly Input TableOperations = new("table operations of an article", 3, "operations", "classifications read and written, recent written", Measured);

    // What Azure Storage takes: "Scalability and performance targets".
    public static readonly Input QueuePerSecond = new("one queue takes", 2000, "operations/s", "scalability targets, messages of 1 KiB", Measured);
    public static readonly Input PartitionPerSecond = new("one table partition takes", 2000, "entities/s", "scalability targets", Measured);
    public static readonly Input AccountPerSecond = new("one account takes", 20000, "operations/s", "scalability targets", Measured);
    public static readonly Input ReceiveBatch = new("messages in one get", 16, "messages", "host.json, batchSize", Measured);
    public static readonly Input ClassificationPartitions = new("partitions of the table classifications", 16, "partitions", "first hex digit of the hash", Measured);

    /// <summary>Share of its capacity that a replica is planned with: the rest absorbs what arrives unevenly.</summary>
    public static readonly Input Utilisation = new("planned load of a replica", 0.8, "", "chosen", Measured);

    public static IReadOnlyList<Input> All { get; } =
    [
        CpuArticlesPerSecond, CpuBatchSeconds, T4ArticlesPerSecond, T4TrainingSeconds, BaseGb, ScalerPollingSeconds, CooldownSeconds,
        ArticlesPerReplica, MaxReplicas, StartSeconds, PullGbPerSecond, FunctionsImageGb, TrainerImageGb, DownloadGbPerSecond, LoadSeconds,
        ResultKb, ResultDays, LogKb, QueueOperations, TableOperations, QueuePerSecond, PartitionPerSecond, AccountPerSecond, ReceiveBatch,
        ClassificationPartitions, Utilisation,
    ];
}
