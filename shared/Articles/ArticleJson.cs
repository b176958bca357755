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
        string? problem;
        try
        {
            using var document = JsonDocument.Parse(body.AsMemory().TrimStart("\uFEFF"), Strict);
            article = Read(document.RootElement);
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

        rejection = problem is null ? null : Reject(body, problem);
        return article is not null && rejection is null;
    }

    /// <summary>A rejection under the id of the article if it can be read, else under the hash of the message.</summary>
    /// <param name="body">Any message. Names of properties may differ in case, and the id may be a number.</param>
    /// <param name="reason">One sentence for the sender.</param>
    public static ArticleRejection Reject(string body, string reason)
    {
        string? id = null;
        string? classifier = null;
        try
        {
            using var document = JsonDocument.Parse(body.AsMemory().TrimStart("\uFEFF"), Strict);
            id = Find(document.RootElement, "id");
            classifier = Find(document.RootElement, "classifier");
        }
        catch (JsonException)
        {
            // There is no id to read.
        }

        var isUsable = id is { Length: > 0 and <= ArticleLimits.IdCharacters } && !ArticleLimits.HasNul(id);
        return new ArticleRejection(isUsable ? id! : Sha256Hex.HashText(body), reason)
        {
            Classifier = classifier is not null && StorageNames.IsName(classifier) ? classifier : null,
        };
    }

    private static ArticleMessage Read(JsonElement root) => new(ReadString(root, "id") ?? "")
    {
        Text = ReadString(root, "text"),
        Blob = ReadString(root, "blob"),
        Classifier = ReadString(root, "classifier"),
        Title = ReadString(root, "title"),
        Source = ReadString(root, "source"),
        Deferred = ReadDeferral(root),
    };

    /// <returns>Why the article is not valid; null if it is.</returns>
    private static string? FindProblem(ArticleMessage article) => article switch
    {
        { Id: "" } => "The message has no 'id'.",
        { Id: { } id } when ArticleLimits.HasNul(id) => "The 'id' has a NUL character.",
        { Id.Length: > ArticleLimits.IdCharacters } =>
            $"The 'id' has {article.Id.Length:N0} characters; at most {ArticleLimits.IdCharacters:N0} are accepted.",
        { Classifier: { } name } when !StorageNames.IsName(name) => StorageNames.InvalidNameMessage(name),
        { Text: not null, Blob: not null } => "The message has both 'text' and 'blob'; it must have one of them.",
        { Text: null, Blob: null } => "The message has neither 'text' nor 'blob'.",
        { Title: { } title } when ArticleLimits.HasNul(title) => "The 'title' has a NUL character.",
        { Source: { } source } when ArticleLimits.HasNul(source) => "The 'source' has a NUL character.",
        { Blob: { } blob } => IsBlobName(blob) ? null : "The 'blob' is not a valid name in the container 'articles'.",
        _ => ArticleLimits.IsValid(article.Text, out var reason) ? null : reason,
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

        return TryGetString(value, out var text) ? text : throw new FormatException($"The '{name}' is not valid Unicode text.");
    }

    /// <remarks>Written by <see cref="ArticleDeferral"/>. A property of this name in another form belongs to the sender and is ignored.</remarks>
    private static Deferral? ReadDeferral(JsonElement root) =>
        root.TryGetProperty("deferred", out var value)
        && value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("since", out var since)
        && since.ValueKind == JsonValueKind.String
        && since.TryGetDateTimeOffset(out var time)
        && value.TryGetProperty("times", out var times)
        && times.ValueKind == JsonValueKind.Number
        && times.TryGetInt32(out var count)
            ? new Deferral(time, count)
            : null;

    private static string? Find(JsonElement root, string name)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var property = root.EnumerateObject().FirstOrDefault(property => HasName(property, name));
        return property.Value.ValueKind switch
        {
            JsonValueKind.Number => property.Value.GetRawText(),
            JsonValueKind.String when TryGetString(property.Value, out var text) && !string.IsNullOrWhiteSpace(text) => text,
            _ => null,
        };
    }

    private static bool HasName(JsonProperty property, string name)
    {
        try
        {
            return property.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
        }
        catch (InvalidOperationException)
        {
            return false; // an escaped half of a surrogate pair
        }
    }

    private static bool TryGetString(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // An escaped half of a surrogate pair is valid JSON, but not valid text.
            text = null;
            return false;
        }
    }
}
