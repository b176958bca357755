using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Serverless.Storage;

/// <summary>Limits of articles and requests.</summary>
public static class ArticleLimits
{
    /// <summary>The maximum length of an article's text, in bytes of UTF-8.</summary>
    public const int TextBytes = 1024 * 1024;

    /// <summary>The maximum length of an id, in characters.</summary>
    public const int IdCharacters = 1024;

    /// <summary>The maximum size of the body of an HTTP request, in bytes.</summary>
    public const int RequestBytes = 2 * 1024 * 1024;

    /// <summary>The maximum size of a data set in the body of an HTTP request, in bytes; a larger one is uploaded to storage.</summary>
    /// <remarks>
    /// Below <c>FUNCTIONS_REQUEST_BODY_SIZE_LIMIT</c> (3,000,000): the Functions host responds with 500 to a body above that, and a body
    /// between the two gets a 413 that says what to do.
    /// </remarks>
    public const int DatasetBytes = 2 * 1024 * 1024;

    /// <summary>The maximum number of articles in one HTTP request.</summary>
    public const int RequestArticles = 256;

    /// <summary>The maximum size of a queue message before Base64, in bytes; a longer article is sent as a blob.</summary>
    /// <remarks>A queue takes 64 KiB of Base64, which is 48 KiB before.</remarks>
    public const int MessageBytes = 40 * 1024;

    /// <summary>The maximum length of a title, a source or a reason in a message that is sent to people and their programs, in characters.</summary>
    internal const int MessageTitleCharacters = 1000;

    /// <summary>The number of attempts before a message goes to the poison queue: host.json's <c>maxDequeueCount</c>.</summary>
    public const int Attempts = 5;

    /// <summary>Whether a text can be classified.</summary>
    /// <param name="text">The text of an article.</param>
    /// <param name="reason">Why it cannot be classified, for its sender; null if it can.</param>
    public static bool IsValid([NotNullWhen(true)] string? text, [NotNullWhen(false)] out string? reason)
    {
        reason = FindProblem(text);
        return reason is null;
    }

    /// <summary>Whether a text has a NUL character, which is never part of a text.</summary>
    public static bool HasNul([NotNullWhen(true)] string? text) => text?.Contains('\0', StringComparison.Ordinal) == true;

    private static string? FindProblem(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "The article has no text.";
        }

        // The bytes of UTF-16 are valid UTF-8 for Latin letters, with a NUL character beside each.
        if (HasNul(text))
        {
            return "The article's text has a NUL character. If it is encoded in UTF-16 or UTF-32, send it in UTF-8.";
        }

        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes > TextBytes ? $"The article's text has {bytes:N0} bytes; at most {TextBytes:N0} (1 MB) are accepted." : null;
    }
}
