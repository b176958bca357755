using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless.Articles;
using Serverless.Functions.Http;
using Serverless.Storage;

namespace Serverless.Functions.Api;

/// <summary>
/// What <c>POST classify</c> is asked: plain text; or JSON, <c>{"text":"…"}</c> with an optional <c>id</c> and <c>title</c>,
/// or an array of up to 256 of these.
/// </summary>
/// <param name="Articles">In the order of the request.</param>
/// <param name="IsBatch">True for an array, which is answered with an array.</param>
internal sealed record ClassifyRequest(IReadOnlyList<ArticleMessage> Articles, bool IsBatch)
{
    private const string TheOnly = "The article";

    /// <exception cref="ProblemException">The request cannot be answered; the problem says why.</exception>
    public static async Task<ClassifyRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync(request, cancellationToken);
        return body.IsJson
            ? Parse(body.Text)
            : new ClassifyRequest([Checked(new ArticleMessage(Sha256Hex.OfText(body.Text)) { Text = body.Text }, TheOnly)], IsBatch: false);
    }

    private static ClassifyRequest Parse(string json)
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
                JsonValueKind.Object => new ClassifyRequest([Article(root, TheOnly)], IsBatch: false),
                JsonValueKind.Array => new ClassifyRequest(Batch(root), IsBatch: true),
                _ => throw Malformed("The body must be an object with a 'text', or an array of such objects."),
            };
        }
        catch (JsonException exception)
        {
            throw Malformed($"The body is no valid JSON: {exception.Message}");
        }
    }

    private static List<ArticleMessage> Batch(JsonElement array) => array.GetArrayLength() switch
    {
        0 => throw Malformed("The array holds no article."),
        > ArticleLimits.RequestArticles and var count =>
            throw new ProblemException(ProblemType.TooLarge, $"The array holds {count:N0} articles; at most {ArticleLimits.RequestArticles} are accepted."),
        _ => [.. array.EnumerateArray().Select((element, index) => Article(element, $"Article {index}"))],
    };

    private static ArticleMessage Article(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Malformed($"{name} is no object with a 'text'.");
        }

        var text = Field(element, "text", name) ?? throw Malformed($"{name} has no 'text'.");
        return Checked(new ArticleMessage(Field(element, "id", name) ?? Sha256Hex.OfText(text)) { Text = text, Title = Field(element, "title", name) }, name);
    }

    private static string? Field(JsonElement element, string field, string name)
    {
        if (!element.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Malformed($"{name}: '{field}' must be a string.");
        }
        catch (InvalidOperationException)
        {
            // An escaped half of a surrogate pair is valid JSON, and no text.
            throw Malformed($"{name}: '{field}' is no valid Unicode text.");
        }
    }

    private static ArticleMessage Checked(ArticleMessage article, string name)
    {
        if (ArticleLimits.Reject(article.Text) is not { } reason)
        {
            return article;
        }

        var type = string.IsNullOrWhiteSpace(article.Text) ? ProblemType.MalformedRequest : ProblemType.TooLarge;
        throw new ProblemException(type, name == TheOnly ? reason : $"{name}: {reason}");
    }

    private static ProblemException Malformed(string detail) => new(ProblemType.MalformedRequest, detail);
}
