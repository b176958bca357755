using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.EndToEndTests;

/// <summary>The HTTP functions against each other and against their OpenAPI document, on a system whose every article goes to a person too.</summary>
public sealed class ApiTests(ApiTests.Up up) : IClassFixture<ApiTests.Up>
{
    private const string Sports = "Two goals in extra time won the final for Calder Rovers.";
    private const string Json = "application/json";

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private RunningSystem System => up.System;

    [Fact]
    public async Task Real_answers_of_every_route_are_as_the_OpenAPI_document_says()
    {
        await QueueAsync("api-1");
        await QueueAsync("api-2");
        await UploadAsync("openapi/data.csv", "text,label\n");
        await Eventually.TrueAsync(async () => (await System.GetJsonAsync("runs?classifier=openapi")).GetProperty("items").GetArrayLength() > 0, "a run");
        var document = await System.GetJsonAsync("openapi.json");
        var schema = new Schema(document);
        (string Method, string Path, string Address, string? Type, string? Body)[] calls =
        [
            ("get", "/health", "health", null, null),
            ("post", "/classify", "classify", Json, $$"""{"text":"{{Sports}}"}"""),
            ("post", "/classify", "classify", "text/plain", Sports),
            ("post", "/classify/{classifier}", "classify/news", Json, $$"""[{"text":"{{Sports}}"},{"text":"{{Sports}}","id":"b"}]"""),
            ("post", "/classify", "classify", Json, "{}"),
            ("post", "/classify", "classify", "text/html", "<p>"),
            ("post", "/classify/{classifier}", "classify/nowhere", "text/plain", Sports),
            ("get", "/results/{classifier}", "results/news?limit=1", null, null),
            ("get", "/results/{classifier}", "results/news?limit=0", null, null),
            ("get", "/results/{classifier}/{id}", "results/news/api-1", null, null),
            ("get", "/results/{classifier}/{id}", "results/news/unknown", null, null),
            ("get", "/results/{classifier}/{id}", "results/no%20name/unknown", null, null),
            ("get", "/models", "models", null, null),
            ("get", "/models/{classifier}", "models/news", null, null),
            ("get", "/models/{classifier}", "models/nowhere", null, null),
            ("get", "/models/{classifier}/{version}/files/{file}", "models/news/starter/files/nothing.png", null, null),
            ("post", "/models/{classifier}/{version}/promote", "models/news/starter/promote", null, ""),
            ("post", "/models/{classifier}/{version}/promote", "models/news/nothing/promote", null, ""),
            ("get", "/review/{classifier}", "review/news?limit=1", null, null),
            ("post", "/review/{classifier}/{id}", "review/news/api-1", Json, """{"label":"World"}"""),
            ("post", "/review/{classifier}/{id}", "review/news/api-1", Json, """{"label":"Gardening"}"""),
            ("post", "/review/{classifier}/{id}", "review/news/unknown", Json, """{"label":"World"}"""),
            ("post", "/datasets/{classifier}", "datasets/desk", null, ""),
            ("put", "/datasets/{classifier}/{file}", "datasets/openapi/notes.txt", "text/csv", "text,label\n"),
            ("get", "/runs", "runs", null, null),
            ("get", "/runs", "runs?limit=many", null, null),
            ("get", "/openapi.json", "openapi.json", null, null),
            ("get", "/ui", "ui", null, null),
            ("get", "/ui/{file}", "ui/app.css", null, null),
            ("get", "/ui/{file}", "ui/nothing.js", null, null),
        ];

        var faults = new List<string>();
        foreach (var call in calls)
        {
            using var response = await SendAsync(call.Method, call.Address, call.Type, call.Body);
            faults.AddRange(await FaultsAsync(document, schema, call.Path, call.Method, response));
        }

        Assert.Empty(faults);
        var paths = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (operation.Name, path.Name)));
        Assert.Superset(paths.ToHashSet(), calls.Select(call => (call.Method, call.Path)).ToHashSet());
    }

    [Fact]
    public async Task A_label_that_a_person_gives_leaves_the_list_and_is_exported_into_a_data_set_that_trains()
    {
        await QueueAsync("wire/2026/11");
        await QueueAsync("export");

        using var labelled = await SendAsync("post", "review/news/wire/2026/11", Json, """{"label":"World"}""");
        using var namedLikeAnAction = await SendAsync("post", "review/news/export", Json, """{"label":"World"}""");
        var waiting = (await System.GetJsonAsync("review/news?limit=500")).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString());
        using var exported = await SendAsync("post", "datasets/news", null, "");
        var answer = await ReadAsync(exported);
        var dataset = answer.GetProperty("dataset").GetString()!;
        var content = await System.Storage.Container(StorageNames.DatasetsContainer).GetBlobClient(dataset).DownloadContentAsync(Ended);

        Assert.Equal(HttpStatusCode.OK, labelled.StatusCode);
        Assert.Equal(HttpStatusCode.OK, namedLikeAnAction.StatusCode);
        Assert.DoesNotContain("wire/2026/11", waiting);
        Assert.Equal(HttpStatusCode.Created, exported.StatusCode);
        Assert.Matches("^news/reviewed-.*\\.csv$", dataset);
        Assert.Contains($"\"{Sports}\",\"World\"", content.Value.Content.ToString(), StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => (await System.Runs.ListAsync("news", Ended)).Any(run => run.Dataset == dataset), "a training on the export");
    }

    [Fact]
    public async Task An_uploaded_data_set_lies_in_the_container_as_it_was_sent_whatever_its_size()
    {
        // Over the web server's own limit of 30 MB, and without a length that could be looked at first.
        var row = new string('x', 1023) + "\n";
        var content = new ChunkedContent(row, 40 * 1024);

        using var response = await System.Http.PutAsync(new Uri("datasets/large/data.csv", UriKind.Relative), content, Ended);
        var answer = await ReadAsync(response);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(40L * 1024 * 1024, answer.GetProperty("bytes").GetInt64());
        var stored = await System.Storage.Container(StorageNames.DatasetsContainer).GetBlobClient("large/data.csv").GetPropertiesAsync(cancellationToken: Ended);
        Assert.Equal(40L * 1024 * 1024, stored.Value.ContentLength);
    }

    [Fact]
    public async Task A_data_set_over_the_limit_is_answered_with_413_and_leaves_nothing()
    {
        var content = new ChunkedContent(new string('x', 64 * 1024), (ArticleLimits.DatasetBytes / (64 * 1024)) + 1);

        using var response = await System.Http.PutAsync(new Uri("datasets/huge/data.csv", UriKind.Relative), content, Ended);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.False(await System.Storage.Container(StorageNames.DatasetsContainer).GetBlobClient("huge/data.csv").ExistsAsync(Ended));
    }

    [Fact]
    public async Task A_file_of_a_version_is_streamed_as_it_is()
    {
        using var response = await SendAsync("get", "models/news/starter/files/labels.json", null, null);

        Assert.Equal(Json, response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("Sports", await response.Content.ReadAsStringAsync(Ended), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_id_with_another_text_is_classified_anew_and_says_that_it_replaced()
    {
        await QueueAsync("again");
        await System.SendAsync(JsonSerializer.Serialize(new { id = "again", text = "The bank raised its profit forecast after shares fell." }));
        await Eventually.TrueAsync(async () => (await System.ResultAsync("again")).Replaced, "the replaced result");

        var result = await System.GetJsonAsync("results/news/again");

        Assert.True(result.GetProperty("replaced").GetBoolean());
        Assert.Equal("Business", result.GetProperty("label").GetString());
    }

    private async Task QueueAsync(string id)
    {
        await System.SendAsync(JsonSerializer.Serialize(new { id, text = Sports }));
        await System.ResultAsync(id);
    }

    private async Task UploadAsync(string dataset, string content)
    {
        using var response = await SendAsync("put", $"datasets/{dataset}", "text/csv", content);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string address, string? type, string? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), new Uri(address, UriKind.Relative));
        if (body is not null)
        {
            request.Content = type is null ? new StringContent(body) : new StringContent(body, new MediaTypeHeaderValue(type));
        }

        return await System.Http.SendAsync(request, Ended);
    }

    /// <summary>What of an answer is not as the document says: its status, its media type, or its JSON.</summary>
    private static async Task<IEnumerable<string>> FaultsAsync(JsonElement document, Schema schema, string path, string method, HttpResponseMessage response)
    {
        var call = $"{method} {response.RequestMessage!.RequestUri} {(int)response.StatusCode}";
        var responses = document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("responses");
        if (!responses.TryGetProperty($"{(int)response.StatusCode}", out var said))
        {
            return [$"{call}: the document does not know this status"];
        }

        var content = said.GetProperty("content");
        if (content.TryGetProperty("*/*", out _))
        {
            return [];
        }

        return content.TryGetProperty(response.Content.Headers.ContentType!.MediaType!, out var form)
            ? schema.Faults(form.GetProperty("schema"), await ReadAsync(response)).Select(fault => $"{call}: {fault}")
            : [$"{call}: {response.Content.Headers.ContentType} is none of {content}"];
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(Ended)).RootElement;

    /// <summary>A body that does not tell its length.</summary>
    private sealed class ChunkedContent(string part, int times) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var bytes = global::System.Text.Encoding.UTF8.GetBytes(part);
            for (var i = 0; i < times; i++)
            {
                await stream.WriteAsync(bytes);
            }
        }

        protected override bool TryComputeLength(out long length) => (length = 0) < 0;
    }

    public sealed class Up() : SystemFixture(new Dictionary<string, string> { ["Classifier__ReviewThresholds__news"] = "1" });
}
