using Microsoft.Extensions.Configuration;

namespace Serverless.Local.Hosting;

/// <summary>
/// What the Functions host reads from host.json, with its defaults; and the times that it has fixed, which are settings here
/// (<c>Local__MessageVisibility</c> and so on), so that a test need not wait ten minutes for a message of a crashed host.
/// </summary>
internal sealed record HostSettings
{
    public string RoutePrefix { get; init; } = "api";

    public QueueSettings Queues { get; init; } = new();

    /// <summary>How often a data set is tried before it goes to the poison queue.</summary>
    public int PoisonBlobThreshold { get; init; } = 5;

    /// <summary>How often the containers of blob triggers are listed: this plays Event Grid.</summary>
    public TimeSpan BlobScanInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long in-flight functions may go on when the host stops; then they are cancelled.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(10);

    public static HostSettings Read(string hostJson, IConfiguration environment)
    {
        var host = new ConfigurationBuilder().AddJsonFile(hostJson).Build().GetSection("extensions");
        var read = new HostSettings
        {
            RoutePrefix = host["http:routePrefix"] ?? "api",
            PoisonBlobThreshold = host.GetValue("blobs:poisonBlobThreshold", 5),
            Queues = host.GetSection("queues").Get<QueueSettings>() ?? new QueueSettings(),
        };
        var local = environment.GetSection("Local");
        return read with
        {
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

/// <summary>The section <c>extensions.queues</c> of host.json.</summary>
internal sealed record QueueSettings
{
    public int BatchSize { get; init; } = 16;

    /// <summary>New messages are fetched when no more than this many are being worked on.</summary>
    public int NewBatchThreshold { get; init; } = 8;

    public int MaxDequeueCount { get; init; } = 5;

    /// <summary>Between a failed attempt and the next.</summary>
    public TimeSpan VisibilityTimeout { get; init; }

    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary><c>base64</c> or <c>none</c>.</summary>
    public string MessageEncoding { get; init; } = "base64";

    /// <summary>How long a message stays hidden while it is worked on (renewed at half time); ten minutes in the Functions host.</summary>
    public TimeSpan MessageVisibility { get; init; } = TimeSpan.FromMinutes(10);
}
