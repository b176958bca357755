using System.Text;
using Microsoft.AspNetCore.Http;
using Serverless.Articles;
using Serverless.Functions.Api;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.UnitTests.Functions;

public sealed class ClassifyRequestTests
{
    private const string Json = "application/json";

    [Fact]
    public async Task An_object_is_one_article()
    {
        var request = await ReadAsync(Json, """{"id":"a1","title":"Rovers win","text":"Two goals in extra time."}""");

        Assert.False(request.IsBatch);
        Assert.Equal(new ArticleMessage("a1") { Title = "Rovers win", Text = "Two goals in extra time." }, Assert.Single(request.Articles));
    }

    [Fact]
    public async Task An_array_keeps_its_order()
    {
        var request = await ReadAsync(Json, """[{"text":"first"},{"text":"second"},{"text":"third"}]""");

        Assert.True(request.IsBatch);
        Assert.Equal(["first", "second", "third"], request.Articles.Select(article => article.Text!));
    }

    [Fact]
    public async Task Plain_text_is_one_article_with_its_hash_as_id()
    {
        var request = await ReadAsync("text/plain; charset=utf-8", "Größe: 2 goals");

        Assert.Equal(Sha256Hex.HashText("Größe: 2 goals"), Assert.Single(request.Articles).Id);
    }

    [Theory]
    [InlineData("", "The body is empty")]
    [InlineData("{\"text\":\"unfinished", "not valid JSON")]
    [InlineData("\"just a string\"", "must be an object")]
    [InlineData("{}", "has no 'text'")]
    [InlineData("{\"text\":null}", "has no 'text'")]
    [InlineData("{\"text\":42}", "must be a string")]
    [InlineData("{\"text\":\" \\n\"}", "no text")]
    [InlineData("{\"text\":\"\\ud800\"}", "not valid Unicode")]
    [InlineData("[]", "array is empty")]
    [InlineData("[{\"text\":\"good\"},{\"text\":\"\"}]", "Article 1")]
    [InlineData("[\"text\"]", "Article 0")]
    [InlineData("{\"text\":\"O\\u0000il\"}", "NUL character")]
    [InlineData("{\"text\":\"Oil\",\"title\":\"O\\u0000il\"}", "NUL character")]
    public async Task A_malformed_body_is_rejected_with_the_reason(string body, string expected)
    {
        var problem = await ProblemAsync(Json, Encoding.UTF8.GetBytes(body));

        Assert.Equal(ProblemType.MalformedRequest, problem.Type);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Json)]
    [InlineData("text/plain")]
    public async Task A_body_that_is_not_UTF8_is_rejected(string contentType)
    {
        var problem = await ProblemAsync(contentType, [(byte)'a', 0xff, 0xfe]);

        Assert.Equal(ProblemType.MalformedRequest, problem.Type);
        Assert.Contains("not UTF-8 (byte 1)", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    public async Task Another_content_type_is_rejected(string? contentType)
    {
        var problem = await ProblemAsync(contentType, "{}"u8.ToArray());

        Assert.Equal(ProblemType.UnsupportedMediaType, problem.Type);
    }

    [Fact]
    public async Task Plain_text_in_UTF16_is_rejected()
    {
        var problem = await ProblemAsync("text/plain", Encoding.Unicode.GetBytes("Two goals"));

        Assert.Equal(ProblemType.MalformedRequest, problem.Type);
        Assert.Contains("send it in UTF-8", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain; charset=utf8")]
    [InlineData("text/plain; charset=\"UTF-8\"")]
    [InlineData("text/plain; charset=us-ascii")]
    public async Task The_names_of_UTF8_are_accepted(string contentType)
    {
        Assert.Equal("Two goals", Assert.Single((await ReadAsync(contentType, "Two goals")).Articles).Text);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_compressed_body_is_rejected_with_the_name_of_its_encoding(string encoding)
    {
        var context = Context(Json, "{}"u8.ToArray());
        context.Request.Headers.ContentEncoding = encoding;

        var problem = await Assert.ThrowsAsync<ProblemException>(() => ReadAsync(context.Request));

        Assert.Equal(ProblemType.UnsupportedMediaType, problem.Type);
        Assert.Contains($"'{encoding}'", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_finds_no_memory_is_rejected_with_and_without_Content_Length(bool hasLength)
    {
        var context = Context("text/plain", Encoding.UTF8.GetBytes(new string('a', 200_000)));
        context.Request.ContentLength = hasLength ? 200_000 : null;

        using var bodies = new BodyMemory(300_000);
        using var other = bodies.Reserve();
        other.Require(150_000);
        using var reservation = bodies.Reserve();

        var problem = await Assert.ThrowsAsync<ProblemException>(
            () => ClassifyRequest.ReadAsync(context.Request, reservation, TestContext.Current.CancellationToken));

        Assert.Equal(ProblemType.TooBusy, problem.Type);
    }

    [Fact]
    public async Task Memory_is_free_again_after_a_body_was_processed()
    {
        using var bodies = new BodyMemory(2000);
        for (var i = 0; i < 3; i++)
        {
            using var reservation = bodies.Reserve();
            var request = Context("text/plain", Encoding.UTF8.GetBytes(new string('a', 1500))).Request;
            await ClassifyRequest.ReadAsync(request, reservation, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_two_megabytes_is_too_large_with_and_without_Content_Length(bool hasLength)
    {
        var context = Context("text/plain", new byte[ArticleLimits.RequestBytes + 1]);
        context.Request.ContentLength = hasLength ? ArticleLimits.RequestBytes + 1 : null;

        var exception = await Assert.ThrowsAsync<ProblemException>(() => ReadAsync(context.Request));

        Assert.Equal(ProblemType.TooLarge, exception.Type);
    }

    [Fact]
    public async Task A_text_over_one_megabyte_is_too_large()
    {
        var problem = await ProblemAsync("text/plain", Enumerable.Repeat((byte)'a', ArticleLimits.TextBytes + 1).ToArray());

        Assert.Equal(ProblemType.TooLarge, problem.Type);
        Assert.Equal("The article's text has 1,048,577 bytes; at most 1,048,576 (1 MB) are accepted.", problem.Message);
    }

    [Fact]
    public async Task An_array_has_at_most_256_articles()
    {
        static byte[] Articles(int count) => Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("{\"text\":\"a\"}", count))}]");

        var accepted = await ReadAsync(Json, Encoding.UTF8.GetString(Articles(256)));
        var problem = await ProblemAsync(Json, Articles(257));

        Assert.Equal(256, accepted.Articles.Count);
        Assert.Equal(ProblemType.TooLarge, problem.Type);
    }

    private static Task<ClassifyRequest> ReadAsync(string contentType, string body) =>
        ReadAsync(Context(contentType, Encoding.UTF8.GetBytes(body)).Request);

    private static async Task<ClassifyRequest> ReadAsync(HttpRequest request)
    {
        using var bodies = new BodyMemory();
        using var reservation = bodies.Reserve();
        return await ClassifyRequest.ReadAsync(request, reservation, TestContext.Current.CancellationToken);
    }

    private static Task<ProblemException> ProblemAsync(string? contentType, byte[] body)
    {
        var request = Context(contentType, body).Request;
        return Assert.ThrowsAsync<ProblemException>(() => ReadAsync(request));
    }

    private static DefaultHttpContext Context(string? contentType, byte[] body) =>
        new() { Request = { ContentType = contentType, Body = new MemoryStream(body) } };
}
