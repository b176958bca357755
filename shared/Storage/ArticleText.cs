namespace Serverless.Storage;

/// <summary>A text, or the reason why there is none.</summary>
public sealed record ArticleText(string? Text, string? Reason)
{
    public static ArticleText Rejected(string reason) => new(null, reason);

    /// <summary>What is classified and trained on: the title, if there is one, and the text, joined as AG News joins them.</summary>
    public static string WithTitle(string? title, string text) => string.IsNullOrWhiteSpace(title) ? text : $"{title.Trim()} {text}";
}
