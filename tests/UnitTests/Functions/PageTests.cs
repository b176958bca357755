using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Functions.Api;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.UnitTests.Functions;

public sealed partial class PageTests
{
    public static TheoryData<string> Files => [.. StaticFile.Page.Keys];

    [Fact]
    public async Task The_page_loads_nothing_from_another_host_and_uploads_to_its_storage_only()
    {
        var (response, _) = await GetAsync(null);

        Assert.Equal("text/html; charset=utf-8", response.ContentType);
        var policy = response.Headers.ContentSecurityPolicy.ToString();
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("; connect-src 'self' https://account.blob.core.windows.net; ", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.XContentTypeOptions);
        Assert.Equal("no-referrer", response.Headers["Referrer-Policy"]);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void No_file_has_a_URL_of_another_host_or_inline_scripts_and_styles(string file)
    {
        var text = Encoding.UTF8.GetString(StaticFile.Page[file].Content);

        Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", text, StringComparison.Ordinal);
        Assert.DoesNotMatch(InlineHandlerOrStyle(), text);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_file_is_served_and_references_only_files_that_exist(string file)
    {
        var (response, body) = await GetAsync(file);
        var referenced = ReferencedFile().Matches(body).Select(match => match.Groups["file"].Value);

        Assert.Equal(StatusCodes.Status200OK, response.StatusCode);
        Assert.Empty(referenced.Except(StaticFile.Page.Keys));
    }

    [Fact]
    public async Task A_file_in_the_cache_of_the_browser_is_not_sent_again()
    {
        var (first, _) = await GetAsync("app.css");
        var (second, body) = await GetAsync("app.css", request => request.Headers.IfNoneMatch = first.Headers.ETag);

        Assert.Equal((int)HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(body);
    }

    [Fact]
    public async Task A_trailing_slash_redirects_to_the_page_with_its_query()
    {
        var (response, _) = await GetAsync(null, request =>
        {
            request.Path = "/api/ui/";
            request.QueryString = new QueryString("?classifier=desk");
        });

        Assert.Equal(StatusCodes.Status302Found, response.StatusCode);
        Assert.Equal("../ui?classifier=desk", response.Headers.Location);
    }

    [Theory]
    [InlineData("nothing.js")]
    [InlineData("../host.json")]
    [InlineData("INDEX.HTML")]
    public async Task An_unknown_name_is_not_found(string file)
    {
        var (response, body) = await GetAsync(file);

        Assert.Equal(StatusCodes.Status404NotFound, response.StatusCode);
        Assert.Contains("urn:serverless:problem:unknown-file", body, StringComparison.Ordinal);
    }

    private static readonly IConfiguration Account = new ConfigurationBuilder().AddInMemoryCollection(
    [
        new("Storage:blobServiceUri", "https://account.blob.core.windows.net/"),
        new("Storage:queueServiceUri", "https://account.queue.core.windows.net/"),
        new("Storage:tableServiceUri", "https://account.table.core.windows.net/"),
    ]).Build();

    private static async Task<(HttpResponse Response, string Body)> GetAsync(string? file, Action<HttpRequest>? configure = null)
    {
        using var body = new MemoryStream();
        await using var services = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Method = HttpMethods.Get;
        context.Request.Path = "/api/ui";
        context.Response.Body = body;
        configure?.Invoke(context.Request);
        await new Page(new StorageClients(Account)).Run(context.Request, file).ExecuteAsync(context);
        return (context.Response, Encoding.UTF8.GetString(body.ToArray()));
    }

    // onclick="…", style="…", <style>, <script> with a body: the Content-Security-Policy blocks them.
    [GeneratedRegex("""<[^>]*\s(on\w+|style)\s*=\s*"|<style|<script(?![^>]*\ssrc=)""", RegexOptions.IgnoreCase)]
    private static partial Regex InlineHandlerOrStyle();

    [GeneratedRegex("""(from '\./|import '\./|(href|src)="ui/)(?<file>[\w.-]+)['"]""")]
    private static partial Regex ReferencedFile();
}
