using Microsoft.Extensions.Configuration;

namespace Serverless.Local.Hosting;

/// <summary>
/// The settings of host.json with the defaults of the Functions host. Durations that are fixed there are settings here
/// (<c>Local__MessageVisibility</c> and others), so that a test does not wait ten minutes for a message of a crashed host.
/// </summary>
internal sealed record HostSettings
{
    /// <summary>If a function runs longer, its worker process is restarted.</summary>
    public TimeSpan FunctionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    public string RoutePrefix { get; init; } = "api";

    /// <summary>The maximum size of the body of a request, in bytes: the setting <c>FUNCTIONS_REQUEST_BODY_SIZE_LIMIT</c>.</summary>
    public long RequestBodyLimit { get; init; } = 104_857_600;

    public QueueSettings Queues { get; init; } = new();

    /// <summary>How often a blob is tried before its name is sent to the poison queue.</summary>
    public int PoisonBlobThreshold { get; init; } = 5;

    /// <summary>The interval at which the containers of blob triggers are listed, in place of Event Grid.</summary>
    public TimeSpan BlobScanInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long functions may run when the host stops, before they are cancelled.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(10);

    public static HostSettings Read(string hostJson, IConfiguration environment)
    {
        var root = new ConfigurationBuilder().AddJsonFile(hostJson).Build();
        var extensions = root.GetSection("extensions");
        var read = new HostSettings();
        read = read with
        {
            FunctionTimeout = root.GetValue("functionTimeout", read.FunctionTimeout),
            RoutePrefix = extensions["http:routePrefix"] ?? read.RoutePrefix,
            PoisonBlobThreshold = extensions.GetValue("blobs:poisonBlobThreshold", read.PoisonBlobThreshold),
            Queues = extensions.GetSection("queues").Get<QueueSettings>() ?? read.Queues,
        };
        var local = environment.GetSection("Local");
        return read with
        {
            RequestBodyLimit = environment.GetValue("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", read.RequestBodyLimit),
            BlobScanInterval = local.GetValue(nameof(BlobScanInterval), read.BlobScanInterval),
            DrainTime = local.GetValue(nameof(DrainTime), read.DrainTime),
            Queues = read.Queues with
            {
                VisibilityTimeout = local.GetValue("RetryDelay", read.Queues.VisibilityTimeout),
                MessageVisibility = local.GetValue(nameof(QueueSettings.MessageVisibility), read.Queues.MessageVisibility),
                MaxPollingInterval = local.GetValue(nameof(QueueSettings.MaxPollingInterval), read.Queues.MaxPollingInterval),
            },
        };
    }
}

/// <summary>The section <c>extensions.queues</c> of host.json. Messages are passed on unchanged: <c>messageEncoding</c> is <c>none</c>.</summary>
internal sealed record QueueSettings
{
    public int BatchSize { get; init; } = 16;

    /// <summary>New messages are received when at most this many are being processed.</summary>
    public int NewBatchThreshold { get; init; } = 8;

    public int MaxDequeueCount { get; init; } = 5;

    /// <summary>The delay before a failed message is retried.</summary>
    public TimeSpan VisibilityTimeout { get; init; }

    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a message is invisible while it is processed, renewed at half time. Ten minutes in the Functions host.</summary>
    public TimeSpan MessageVisibility { get; init; } = TimeSpan.FromMinutes(10);
}
