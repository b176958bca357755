using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>The strict reading of an article written as JSON: what is wrong is said in words, and the id is kept where it can be read.</summary>
internal static class ArticleJson
{
    private const int MaxBlobNameLength = 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <returns>Null and an article, or why there is none.</returns>
    public static ArticleRejection? Read(string body, out ArticleMessage? article)
    {
        article = null;
        string? id = null;
        string? classifier = null;
        try
        {
            using var document = JsonDocument.Parse(body.AsMemory().TrimStart("\uFEFF"), Strict);
            var root = document.RootElement;
            id = Field(root, "id");
            classifier = Field(root, "classifier");
            var candidate = new ArticleMessage(id ?? "")
            {
                Text = Field(root, "text"),
                Blob = Field(root, "blob"),
                Classifier = classifier,
                Title = Field(root, "title"),
                Source = Field(root, "source"),
            };
            if (DescribeProblem(candidate) is { } problem)
            {
                return Rejection(problem);
            }

            article = candidate;
            return null;
        }
        catch (JsonException exception)
        {
            return Rejection($"The message begins with '{{' and is no valid JSON: {exception.Message}");
        }
        catch (FormatException exception)
        {
            return Rejection(exception.Message);
        }

        ArticleRejection Rejection(string reason) => new(string.IsNullOrWhiteSpace(id) || id.Length > ArticleLimits.IdCharacters ? Sha256Hex.OfText(body) : id, reason)
        {
            Classifier = classifier is not null && StorageNames.IsName(classifier) ? classifier : null,
        };
    }

    private static string? DescribeProblem(ArticleMessage article) => article switch
    {
        { Id: "" } => "The message has no 'id'.",
        { Id.Length: > ArticleLimits.IdCharacters } => $"The 'id' has {article.Id.Length:N0} characters; at most {ArticleLimits.IdCharacters:N0} are accepted.",
        { Classifier: { } name } when !StorageNames.IsName(name) => "The 'classifier' is no valid name: letters, digits, '-' and '_' only, at most 63 characters.",
        { Text: not null, Blob: not null } => "The message has both 'text' and 'blob'; it must have one of them.",
        { Text: null, Blob: null } => "The message has neither 'text' nor 'blob'.",
        { Blob: { } blob } => DescribeBlobNameProblem(blob),
        _ => ArticleLimits.Reject(article.Text),
    };

    /// <summary>A blob is read from the container <c>articles</c> and nowhere else, so a name must not be able to climb out of it.</summary>
    private static string? DescribeBlobNameProblem(string name)
    {
        var inside = name.Length is > 0 and <= MaxBlobNameLength
            && !name.Any(c => c == '\\' || char.IsControl(c))
            && name.Split('/').All(segment => segment is not ("" or "." or ".."));
        return inside ? null : "The 'blob' is no name inside the container 'articles'.";
    }

    private static string? Field(JsonElement root, string name)
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
            // An escaped half of a surrogate pair is valid JSON, and no text.
            throw new FormatException($"The '{name}' is no valid Unicode text.");
        }
    }
}
