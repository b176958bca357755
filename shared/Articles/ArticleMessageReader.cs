using System.Diagnostics.CodeAnalysis;
using System.Text;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Reads the body of a queue message: an article with its text, or a rejection.</summary>
/// <remarks>
/// Base64 is decoded here and not by the Functions host (host.json: <c>messageEncoding</c> none). The host moves a message that it cannot
/// decode to the poison queue without a result; here the sender gets a rejected result that names the cause.
/// </remarks>
public sealed class ArticleMessageReader(ArticleBlobStore texts, ClassifierOptions options)
{
    /// <summary>Reads a message. Throws only storage errors; a message that is not valid comes back as a rejection.</summary>
    internal async Task<ParsedArticle> ReadAsync(BinaryData body, CancellationToken cancellationToken)
    {
        var message = body.ToArray();
        if (!TryDecodeBase64(message, out var content))
        {
            return Reject(message, "The message is not Base64. Set the message encoding of your queue client to Base64.");
        }

        if (!StrictUtf8.TryDecode(content, out var json, out var invalidByte))
        {
            return Reject(content, $"The message is not UTF-8 (byte {invalidByte:N0}).");
        }

        if (!ArticleMessage.TryParse(json, out var article, out var rejection))
        {
            return Reject(content, rejection);
        }

        var text = article.Blob is { } blob ? await texts.ReadAsync(blob, cancellationToken) : new ArticleText(article.Text, null);
        return text.Reason is { } reason
            ? Reject(content, new ArticleRejection(article.Id, reason) { Classifier = article.Classifier })
            : new ParsedArticle(article, article.Classifier ?? options.Default, article.WithTitle(text.Text!), null);
    }

    private static bool TryDecodeBase64(byte[] message, [NotNullWhen(true)] out byte[]? content)
    {
        var buffer = new byte[message.Length];
        content = Convert.TryFromBase64String(Encoding.Latin1.GetString(message), buffer, out var length) ? buffer[..length] : null;
        return content is not null;
    }

    private ParsedArticle Reject(byte[] content, string reason) => Reject(content, new ArticleRejection(Sha256Hex.OfBytes(content), reason));

    private ParsedArticle Reject(byte[] content, ArticleRejection rejection) =>
        ParsedArticle.Rejected(rejection, Sha256Hex.OfBytes(content), options.Default);
}
