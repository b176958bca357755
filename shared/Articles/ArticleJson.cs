using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Strict parser of an article in JSON. A rejection has one sentence for the sender, and keeps the id if it can be read.</summary>
internal static class ArticleJson
{
    private const int MaxBlobNameLength = 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static bool TryParse(string body, [NotNullWhen(true)] out ArticleMessage? article, [NotNullWhen(false)] out ArticleRejection? rejection)
    {
        string? id = null;
        string? classifier = null;
        string? problem;
        try
        {
            using var document = JsonDocument.Parse(body.AsMemory().TrimStart("\uFEFF"), Strict);
            var root = document.RootElement;
            id = ReadString(root, "id");
            classifier = ReadString(root, "classifier");
            article = new ArticleMessage(id ?? "")
            {
                Text = ReadString(root, "text"),
                Blob = ReadString(root, "blob"),
                Classifier = classifier,
                Title = ReadString(root, "title"),
                Source = ReadString(root, "source"),
            };
            problem = FindProblem(article);
        }
        catch (JsonException exception)
        {
            article = null;
            problem = $"The message begins with '{{' and is not valid JSON: {exception.Message}";
        }
        catch (FormatException exception)
        {
            article = null;
            problem = exception.Message;
        }

        rejection = problem is null ? null : Reject(body, id, classifier, problem);
        return article is not null && rejection is null;
    }

    private static ArticleRejection Reject(string body, string? id, string? classifier, string reason)
    {
        var readable = !string.IsNullOrWhiteSpace(id) && id.Length <= ArticleLimits.IdCharacters;
        return new ArticleRejection(readable ? id! : Sha256Hex.OfText(body), reason)
        {
            Classifier = classifier is not null && StorageNames.IsName(classifier) ? classifier : null,
        };
    }

    /// <returns>Why the article is not valid; null if it is.</returns>
    private static string? FindProblem(ArticleMessage article) => article switch
    {
        { Id: "" } => "The message has no 'id'.",
        { Id.Length: > ArticleLimits.IdCharacters } =>
            $"The 'id' has {article.Id.Length:N0} characters; at most {ArticleLimits.IdCharacters:N0} are accepted.",
        { Classifier: { } name } when !StorageNames.IsName(name) => StorageNames.InvalidNameMessage(name),
        { Text: not null, Blob: not null } => "The message has both 'text' and 'blob'; it must have one of them.",
        { Text: null, Blob: null } => "The message has neither 'text' nor 'blob'.",
        { Blob: { } blob } => IsBlobName(blob) ? null : "The 'blob' is not a valid name in the container 'articles'.",
        _ => ArticleLimits.Reject(article.Text),
    };

    /// <summary>Blobs are read from the container <c>articles</c> only, so a name must not be able to leave it.</summary>
    private static bool IsBlobName(string name) =>
        name.Length is > 0 and <= MaxBlobNameLength
        && !name.Any(c => c == '\\' || char.IsControl(c))
        && name.Split('/').All(segment => segment is not ("" or "." or ".."));

    private static string? ReadString(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw new FormatException($"The '{name}' must be a string.");
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escaped half of a surrogate pair is valid JSON, but not valid text.
            throw new FormatException($"The '{name}' is not valid Unicode text.");
        }
    }
}
