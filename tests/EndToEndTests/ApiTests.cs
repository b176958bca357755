using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Serverless.Storage;

namespace Serverless.EndToEndTests;

/// <summary>The HTTP functions and their OpenAPI document, on a system that puts every article on the review list.</summary>
public sealed class ApiTests(ApiTests.Fixture fixture) : IClassFixture<ApiTests.Fixture>
{
    private const string Sports = "Two goals in extra time won the final for Calder Rovers.";
    private const string Json = "application/json";

    private static readonly string Block = new('x', 64 * 1024);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private RunningSystem App => fixture.App;

    [Fact]
    public async Task Responses_of_every_operation_are_valid_by_the_OpenAPI_document()
    {
        await QueueAsync("api-1");
        await QueueAsync("api-2");
        await UploadAsync("openapi/data.csv", "text,label\n");
        await Eventually.TrueAsync(
            async () => (await App.GetJsonAsync("runs?classifier=openapi")).GetProperty("items").GetArrayLength() > 0, "a run");
        var document = await App.GetJsonAsync("openapi.json");
        var schema = new Schema(document);
        (string Method, string Path, string Url, string? Type, string? Body)[] calls =
        [
            ("get", "/health", "health", null, null),
            ("get", "/status", "status", null, null),
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
            ("post", "/review/{classifier}", "review/news?id=api-1", Json, """{"label":"World"}"""),
            ("post", "/review/{classifier}", "review/news", Json, """{"label":"World"}"""),
            ("get", "/results/{classifier}", "results/news?id=api-1", null, null),
            ("post", "/review/{classifier}/{id}", "review/news/api-1", Json, """{"label":"Gardening"}"""),
            ("post", "/review/{classifier}/{id}", "review/news/unknown", Json, """{"label":"World"}"""),
            ("get", "/failed/{classifier}", "failed/news?limit=1", null, null),
            ("post", "/failed/{classifier}", "failed/news", null, ""),
            ("post", "/datasets/{classifier}", "datasets/desk", null, ""),
            ("put", "/datasets/{classifier}/{file}", "datasets/openapi/notes.txt", "text/csv", "text,label\n"),
            ("put", "/datasets/{classifier}/{file}", "datasets/openapi/form.csv", "multipart/form-data", "text,label\n"),
            ("post", "/datasets/{classifier}/{file}/upload", "datasets/openapi/data.csv/upload", null, ""),
            ("post", "/datasets/{classifier}/{file}/upload", "datasets/openapi/notes.txt/upload", null, ""),
            ("get", "/runs", "runs", null, null),
            ("get", "/runs", "runs?limit=many", null, null),
            ("get", "/openapi.json", "openapi.json", null, null),
            ("get", "/ui", "ui", null, null),
            ("get", "/ui/{file}", "ui/app.css", null, null),
            ("get", "/ui/{file}", "ui/nothing.js", null, null),
        ];

        var errors = new List<string>();
        foreach (var call in calls)
        {
            using var response = await SendAsync(call.Method, call.Url, call.Type, call.Body);
            errors.AddRange(await ErrorsAsync(document, schema, call.Path, call.Method, response));
        }

        Assert.Empty(errors);
        var operations =
            from path in document.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            select (operation.Name, path.Name);
        Assert.Equal(operations.ToHashSet(), calls.Select(call => (call.Method, call.Path)).ToHashSet());
    }

    [Fact]
    public async Task A_label_is_removed_from_the_list_and_exported_as_a_data_set_that_trains()
    {
        await QueueAsync("wire/2026/11");
        await QueueAsync("export");

        using var labelled = await SendAsync("post", "review/news/wire/2026/11", Json, """{"label":"World"}""");
        using var namedLikeAnAction = await SendAsync("post", "review/news/export", Json, """{"label":"World"}""");
        var waiting = (await App.GetJsonAsync("review/news?limit=500")).GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("id").GetString());
        using var exported = await SendAsync("post", "datasets/news", null, "");
        var dataset = (await ReadAsync(exported)).GetProperty("dataset").GetString()!;
        var content = await App.Storage.Container(StorageNames.DatasetsContainer).GetBlobClient(dataset).DownloadContentAsync(CancellationToken);

        Assert.Equal(HttpStatusCode.OK, labelled.StatusCode);
        Assert.Equal(HttpStatusCode.OK, namedLikeAnAction.StatusCode);
        Assert.DoesNotContain("wire/2026/11", waiting);
        Assert.Equal(HttpStatusCode.Created, exported.StatusCode);
        Assert.Matches("^news/reviewed-.*\\.csv$", dataset);
        Assert.Contains($"\"{Sports}\",\"World\"", content.Value.Content.ToString(), StringComparison.Ordinal);
        await Eventually.TrueAsync(
            async () => (await App.Runs.ListAsync("news", CancellationToken)).Any(run => run.Dataset == dataset), "a training on the export");
    }

    [Theory]
    [InlineData(true, ArticleLimits.DatasetBytes - (64 * 1024))] // the web server counts the frames of the chunks too
    [InlineData(false, ArticleLimits.DatasetBytes)]
    public async Task A_data_set_of_the_maximum_size_is_stored_as_it_was_sent(bool isChunked, int bytes)
    {
        using var response = await App.Http.PutAsync(new Uri($"datasets/large-{isChunked}/data.csv", UriKind.Relative), Content(isChunked, bytes), CancellationToken);
        var stored = await Dataset($"large-{isChunked}/data.csv").GetPropertiesAsync(cancellationToken: CancellationToken);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(bytes, (await ReadAsync(response)).GetProperty("bytes").GetInt64());
        Assert.Equal(bytes, stored.Value.ContentLength);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_data_set_over_the_limit_gets_413_that_names_the_upload_and_is_not_stored(bool isChunked)
    {
        using var response = await App.Http.PutAsync(
            new Uri("datasets/huge/data.csv", UriKind.Relative), Content(isChunked, ArticleLimits.DatasetBytes + (64 * 1024)), CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("POST api/datasets/huge/data.csv/upload", (await ReadAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.False(await Dataset("huge/data.csv").ExistsAsync(CancellationToken));
    }

    [Fact]
    public async Task A_chunked_body_over_the_limit_of_the_host_is_cut_off_and_not_stored()
    {
        var sending = App.Http.PutAsync(new Uri("datasets/flood/data.csv", UriKind.Relative), Content(isChunked: true, 100 * 1024 * 1024), CancellationToken);

        // The connection is closed while the body is sent.
        var status = await sending.ContinueWith(sent => sent.IsFaulted ? 0 : sent.Result.StatusCode, CancellationToken, default, TaskScheduler.Default);

        Assert.NotEqual(HttpStatusCode.Created, status);
        Assert.False(await Dataset("flood/data.csv").ExistsAsync(CancellationToken));
    }

    [Theory]
    [InlineData("gzip", "text/csv", "text,label\n", "Content-Encoding 'gzip'")]
    [InlineData(null, "multipart/form-data; boundary=x", "--x\r\n", "a form")]
    [InlineData(null, "text/csv", "\u001f\u008b\u0008", "gzip")]
    [InlineData(null, "text/csv", "PK\u0003\u0004", "a ZIP archive")]
    public async Task A_compressed_data_set_or_a_form_gets_415_and_is_not_stored(string? encoding, string type, string body, string says)
    {
        var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var response = await App.Http.PutAsync(new Uri("datasets/packed/data.csv", UriKind.Relative), content, CancellationToken);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Contains(says, (await ReadAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.False(await Dataset("packed/data.csv").ExistsAsync(CancellationToken));
    }

    [Fact]
    public async Task A_large_data_set_is_uploaded_to_storage_by_the_command_and_trains()
    {
        // 4 MB: over the limit of a request. The rows cannot be used, so that no training follows.
        var folder = Directory.CreateTempSubdirectory("serverless-").FullName;
        var file = Path.Combine(folder, "data.csv");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat(Block, 64)), CancellationToken);

        var (exitCode, output) = await LocalProgram.RunAsync("upload", file, "--classifier", "direct", "--data", App.Folder);
        var stored = await Dataset("direct/data.csv").GetPropertiesAsync(cancellationToken: CancellationToken);
        Directory.Delete(folder, recursive: true);

        Assert.True(exitCode == 0, output);
        Assert.Equal(4 * 1024 * 1024, stored.Value.ContentLength);
        await Eventually.TrueAsync(async () => (await App.Runs.ListAsync("direct", CancellationToken)).Count > 0, "a run");
    }

    [Fact]
    public async Task A_file_of_a_version_is_downloaded_with_its_content_type()
    {
        using var response = await SendAsync("get", "models/news/starter/files/labels.json", null, null);

        Assert.Equal(Json, response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("Sports", await response.Content.ReadAsStringAsync(CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_id_with_another_text_replaces_the_result()
    {
        await QueueAsync("again");
        await App.SendAsync(JsonSerializer.Serialize(new { id = "again", text = "The bank raised its profit forecast after shares fell." }));
        await Eventually.TrueAsync(async () => (await App.ResultAsync("again")).Replaced, "the replaced result");

        var result = await App.GetJsonAsync("results/news/again");

        Assert.True(result.GetProperty("replaced").GetBoolean());
        Assert.Equal("Business", result.GetProperty("label").GetString());
    }

    private static HttpContent Content(bool isChunked, int bytes) =>
        isChunked ? new ChunkedContent(Block, bytes / Block.Length) : new StringContent(new string('x', bytes));

    private BlobClient Dataset(string name) => App.Storage.Container(StorageNames.DatasetsContainer).GetBlobClient(name);

    private async Task QueueAsync(string id)
    {
        await App.SendAsync(JsonSerializer.Serialize(new { id, text = Sports }));
        await App.ResultAsync(id);
    }

    private async Task UploadAsync(string dataset, string content)
    {
        using var response = await SendAsync("put", $"datasets/{dataset}", "text/csv", content);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string url, string? type, string? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), new Uri(url, UriKind.Relative));
        if (body is not null)
        {
            request.Content = type is null ? new StringContent(body) : new StringContent(body, new MediaTypeHeaderValue(type));
        }

        return await App.Http.SendAsync(request, CancellationToken);
    }

    /// <summary>What in a response differs from the document: its status, its media type or its JSON.</summary>
    private static async Task<IEnumerable<string>> ErrorsAsync(JsonElement document, Schema schema, string path, string method, HttpResponseMessage response)
    {
        var call = $"{method} {response.RequestMessage!.RequestUri} {(int)response.StatusCode}";
        var responses = document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("responses");
        if (!responses.TryGetProperty($"{(int)response.StatusCode}", out var described))
        {
            return [$"{call}: the status is not in the document"];
        }

        var content = schema.Resolve(described).GetProperty("content");
        if (content.TryGetProperty("*/*", out _))
        {
            return [];
        }

        return content.TryGetProperty(response.Content.Headers.ContentType!.MediaType!, out var form)
            ? schema.Errors(form.GetProperty("schema"), await ReadAsync(response)).Select(error => $"{call}: {error}")
            : [$"{call}: {response.Content.Headers.ContentType} is not one of {content}"];
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(CancellationToken)).RootElement;

    /// <summary>A body without Content-Length.</summary>
    private sealed class ChunkedContent(string part, int times) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            for (var i = 0; i < times; i++)
            {
                await stream.WriteAsync(bytes);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    public sealed class Fixture() : SystemFixture(new Dictionary<string, string> { ["Classifier__ReviewThresholds__news"] = "1" });
}
