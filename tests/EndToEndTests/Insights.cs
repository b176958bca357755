using System.Collections.Concurrent;
using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.EndToEndTests;

/// <summary>A stand-in for the ingestion endpoint of Application Insights. It accepts everything.</summary>
internal sealed class Insights : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly ConcurrentQueue<string> received = [];

    private Insights(WebApplication server) => this.server = server;

    /// <summary>Environment variables that make a program send here.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = $"InstrumentationKey={Guid.NewGuid()};IngestionEndpoint={server.Urls.Single()}",
        ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED"] = "true",
    };

    /// <summary>One JSON text for each log, trace and metric.</summary>
    public IReadOnlyCollection<string> Received => received;

    public static async Task<Insights> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var insights = new Insights(builder.Build());
        insights.server.MapPost("/v2.1/track", insights.TrackAsync);
        await insights.server.StartAsync(TestContext.Current.CancellationToken);
        return insights;
    }

    public Task HasReceivedAsync(string part) =>
        Eventually.TrueAsync(() => Task.FromResult(received.Any(item => item.Contains(part, StringComparison.Ordinal))), $"telemetry with '{part}'");

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task<IResult> TrackAsync(HttpRequest request)
    {
        await using var body = request.Headers.ContentEncoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;
        using var reader = new StreamReader(body);
        var items = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var item in items)
        {
            received.Enqueue(item);
        }

        return Results.Json(new { itemsReceived = items.Length, itemsAccepted = items.Length, errors = Array.Empty<string>() });
    }
}
