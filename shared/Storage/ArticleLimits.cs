using System.Text;

namespace Serverless.Storage;

/// <summary>What an article and a request may measure, and how often an article is tried.</summary>
public static class ArticleLimits
{
    /// <summary>The longest text of one article, in bytes of UTF-8.</summary>
    public const int TextBytes = 1024 * 1024;

    /// <summary>The longest id, in characters.</summary>
    public const int IdCharacters = 1024;

    /// <summary>The longest body of an HTTP request, in bytes.</summary>
    public const int RequestBytes = 2 * 1024 * 1024;

    /// <summary>The longest data set that is taken over HTTP, in bytes; the Functions host takes no longer request.</summary>
    public const int DatasetBytes = 100 * 1024 * 1024;

    /// <summary>The most articles in one HTTP request.</summary>
    public const int RequestArticles = 256;

    /// <summary>The longest queue message before Base64; a longer article travels as a blob (a queue takes 64 KiB of Base64, that is 48 KiB).</summary>
    public const int MessageBytes = 40 * 1024;

    /// <summary>How often an article is tried before it goes to the poison queue: host.json's <c>maxDequeueCount</c>.</summary>
    public const int Attempts = 5;

    /// <summary>Why this text cannot be classified, or null if it can.</summary>
    public static string? Reject(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "The article has no text.";
        }

        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes > TextBytes ? $"The article's text has {bytes:N0} bytes; at most {TextBytes:N0} (1 MB) are accepted." : null;
    }
}
