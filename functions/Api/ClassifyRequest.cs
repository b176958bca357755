using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless.Articles;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>
/// The body of <c>POST classify</c>: plain text; or JSON, <c>{"text":"…"}</c> with an optional <c>id</c> and <c>title</c>, or an
/// array of up to 256 such objects.
/// </summary>
/// <remarks>The JSON is read field by field and not deserialized, so that an error names the article and the field.</remarks>
/// <param name="Articles">In the order of the request.</param>
/// <param name="IsBatch">True for an array; the response is then an array too.</param>
internal sealed record ClassifyRequest(IReadOnlyList<ArticleMessage> Articles, bool IsBatch)
{
    private const string SingleArticle = "The article";

    /// <exception cref="ProblemException">The request is not valid.</exception>
    public static async Task<ClassifyRequest> ReadAsync(HttpRequest request, BodyReservation memory, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync(request, memory, cancellationToken);
        if (body.IsJson)
        {
            return ParseJson(body.Text);
        }

        var article = new ArticleMessage(Sha256Hex.HashText(body.Text)) { Text = body.Text };
        return new ClassifyRequest([Validate(article, SingleArticle)], IsBatch: false);
    }

    private static ClassifyRequest ParseJson(string json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            throw Malformed("The body is empty; it must be an object with a 'text', or an array of such objects.");
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return root.ValueKind switch
            {
                JsonValueKind.Object => new ClassifyRequest([ParseArticle(root, SingleArticle)], IsBatch: false),
                JsonValueKind.Array => new ClassifyRequest(ParseArray(root), IsBatch: true),
                _ => throw Malformed("The body must be an object with a 'text', or an array of such objects."),
            };
        }
        catch (JsonException exception)
        {
            throw Malformed($"The body is not valid JSON: {exception.Message}");
        }
    }

    private static List<ArticleMessage> ParseArray(JsonElement array) => array.GetArrayLength() switch
    {
        0 => throw Malformed("The array is empty."),
        > ArticleLimits.RequestArticles and var count => throw new ProblemException(
            ProblemType.TooLarge, $"The array has {count:N0} articles; at most {ArticleLimits.RequestArticles} are accepted."),
        _ => [.. array.EnumerateArray().Select((element, index) => ParseArticle(element, $"Article {index}"))],
    };

    /// <param name="element">The JSON of the article.</param>
    /// <param name="name">Names the article in errors.</param>
    private static ArticleMessage ParseArticle(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Malformed($"{name} must be an object with a 'text'.");
        }

        var text = ReadString(element, "text", name) ?? throw Malformed($"{name} has no 'text'.");
        var id = ReadString(element, "id", name) ?? Sha256Hex.HashText(text);
        return Validate(new ArticleMessage(id) { Text = text, Title = ReadString(element, "title", name) }, name);
    }

    private static string? ReadString(JsonElement element, string field, string name)
    {
        if (!element.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw Malformed($"{name}: '{field}' must be a string.");
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate can be escaped in valid JSON.
            throw Malformed($"{name}: '{field}' is not valid Unicode text.");
        }
    }

    private static ArticleMessage Validate(ArticleMessage article, string name)
    {
        if (ArticleLimits.HasNul(article.Title))
        {
            throw Malformed($"{name}: the 'title' has a NUL character.");
        }

        if (ArticleLimits.IsValid(article.Text, out var reason))
        {
            return article;
        }

        var type = Encoding.UTF8.GetByteCount(article.Text ?? "") > ArticleLimits.TextBytes ? ProblemType.TooLarge : ProblemType.MalformedRequest;
        throw new ProblemException(type, name == SingleArticle ? reason : $"{name}: {reason}");
    }

    private static ProblemException Malformed(string detail) => new(ProblemType.MalformedRequest, detail);
}
