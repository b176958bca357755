namespace Serverless.Costs;

/// <summary>List prices in US dollars, pay as you go. Replace a number here and run the program again.</summary>
public static class Prices
{
    private const string ContainerAppsPage = "azure.microsoft.com/pricing/details/container-apps, as quoted by users";
    private const string StoragePage = "azure.microsoft.com/pricing/details/storage, hot, LRS, as quoted by users";
    private const string FromMemory = "list price known to the author, not looked up again";

    private static readonly DateOnly LookedUp = new(2026, 11, 23);

    public static readonly Input VcpuSecond = new("Container Apps, vCPU, active", 0.000024, "$/s", ContainerAppsPage, LookedUp);
    public static readonly Input GibSecond = new("Container Apps, GiB of memory", 0.000003, "$/s", ContainerAppsPage, LookedUp);
    public static readonly Input T4Hour = new("Container Apps, T4 replica (8 vCPU, 56 GiB)", 1.6632, "$/h", "Azure Retail Prices API, Central India, in a public deployment log", new(2026, 8, 28));
    public static readonly Input RegistryMonth = new("Container Registry, Basic", 5.0, "$/month", "in a public deployment log", new(2026, 8, 28));
    public static readonly Input BlobGbMonth = new("Blobs, space", 0.018, "$/GB/month", StoragePage, LookedUp);
    public static readonly Input BlobWrites = new("Blobs, 10,000 writes", 0.065, "$", StoragePage, LookedUp);
    public static readonly Input QueueOperations = new("Queues, 10,000 operations", 0.0004, "$", StoragePage, LookedUp);
    public static readonly Input TableOperations = new("Tables, 10,000 operations", 0.00036, "$", FromMemory, LookedUp);
    public static readonly Input LogGb = new("Log Analytics, taken in", 2.30, "$/GB", FromMemory, LookedUp);
    public static readonly Input AlertRuleMonth = new("Log alert rule, every 15 minutes", 0.50, "$/month", FromMemory, LookedUp);

    public static IReadOnlyList<Input> All { get; } =
        [VcpuSecond, GibSecond, T4Hour, RegistryMonth, BlobGbMonth, BlobWrites, QueueOperations, TableOperations, LogGb, AlertRuleMonth];
}
