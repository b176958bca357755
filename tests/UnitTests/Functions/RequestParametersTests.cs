using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Serverless.Functions.Http;

namespace Serverless.UnitTests.Functions;

/// <summary>Ids at the end of a path, as the web server passes them: decoded except for escaped slashes.</summary>
public sealed class RequestParametersTests
{
    [Theory]
    [InlineData("a/b", "a/b", "a/b")]
    [InlineData("a%2Fb", "a%2Fb", "a/b")]
    [InlineData("a%2fb", "a%2fb", "a/b")]
    [InlineData("https:%2F%2Fexample.org%2Fa%2520b", "https:%2F%2Fexample.org%2Fa%20b", "https://example.org/a%20b")]
    [InlineData("Gr%C3%B6%C3%9Fe", "Größe", "Größe")]
    [InlineData("50%25", "50%", "50%")]
    [InlineData("a%3Fb?limit=1", "a?b", "a?b")]
    [InlineData("wire/2026%2F11/x", "wire/2026%2F11/x", "wire/2026/11/x")]
    public void The_path_as_it_was_sent_is_decoded_once(string sent, string route, string expected)
    {
        Assert.Equal(expected, RequestParameters.Rest(Request(sent), route, "id", ProblemType.UnknownArticle));
    }

    [Theory]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("https%3A%252f%252fexample.org", "https:%2f%2fexample.org")]
    public void A_slash_that_is_escaped_twice_is_ambiguous_and_not_found(string sent, string route)
    {
        var problem = Assert.Throws<ProblemException>(() => RequestParameters.Rest(Request(sent), route, "id", ProblemType.UnknownArticle));

        Assert.Equal(ProblemType.UnknownArticle, problem.Type);
        Assert.Contains("?id=", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/../b", "b")]
    [InlineData("a/./b", "a/b")]
    [InlineData("a/%2e%2e/b", "b")]
    public void A_path_from_which_the_web_server_removed_segments_never_names_another_article(string sent, string route)
    {
        var problem = Assert.Throws<ProblemException>(() => RequestParameters.Rest(Request(sent), route, "id", ProblemType.UnknownArticle));

        Assert.Equal(ProblemType.MalformedRequest, problem.Type);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void An_empty_rest_is_a_malformed_request(string? rest)
    {
        var problem = Assert.Throws<ProblemException>(() => RequestParameters.Rest(Request(""), rest, "id", ProblemType.UnknownArticle));

        Assert.Equal((ProblemType.MalformedRequest, "The path has no id."), (problem.Type, problem.Message));
    }

    private static HttpRequest Request(string sent)
    {
        var context = new DefaultHttpContext();
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = $"/api/results/news/{sent}";
        return context.Request;
    }
}
