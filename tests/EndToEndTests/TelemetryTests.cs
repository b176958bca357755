using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.EndToEndTests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Logs_are_sent_to_Application_Insights_where_a_connection_string_names_it()
    {
        await using var insights = await Insights.StartAsync();
        await using var system = await RunningSystem.StartAsync(new Dictionary<string, string>
        {
            ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = $"InstrumentationKey={Guid.NewGuid()};IngestionEndpoint={insights.Address}",
            ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED"] = "true",
        });

        using var answer = await system.PostJsonAsync("classify", """{"text":"Two goals in extra time won the final for Calder Rovers."}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Eventually.TrueAsync(
            () => Task.FromResult(insights.Received.Any(item => item.Contains("Version starter of the classifier news serves", StringComparison.Ordinal))), "the log of the load");
        Assert.DoesNotContain(insights.Received, item => item.Contains("Calder Rovers", StringComparison.Ordinal));
    }

    /// <summary>Takes what is sent to Application Insights, and says that all of it was accepted.</summary>
    private sealed class Insights : IAsyncDisposable
    {
        private readonly WebApplication server;
        private readonly ConcurrentQueue<string> received = [];

        private Insights(WebApplication server) => this.server = server;

        public string Address => server.Urls.Single();

        /// <summary>One JSON text for each log, trace and metric.</summary>
        public IReadOnlyCollection<string> Received => received;

        public static async Task<Insights> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var insights = new Insights(builder.Build());
            insights.server.MapPost("/v2.1/track", insights.TakeAsync);
            await insights.server.StartAsync(TestContext.Current.CancellationToken);
            return insights;
        }

        public ValueTask DisposeAsync() => server.DisposeAsync();

        private async Task<IResult> TakeAsync(HttpRequest request)
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
}
