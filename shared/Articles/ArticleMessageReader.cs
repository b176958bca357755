using System.Text;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>
/// From the body of a queue message to an article with its text, or to a rejection. The Base64 is read here and not by the
/// Functions host (host.json: <c>messageEncoding</c> none), which moves what it cannot decode to the poison queue without a
/// word: so a sender who forgot it finds a result that says so.
/// </summary>
public sealed class ArticleMessageReader(ArticleBlobStore texts, ClassifierOptions options)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a message. Storage errors are thrown; nothing is thrown for what a sender may have written.</summary>
    internal async Task<ParsedArticle> ReadAsync(BinaryData body, CancellationToken cancellationToken)
    {
        if (Decode(body, out var bytes, out var json) is { } fault)
        {
            return ParsedArticle.Rejected(new ArticleRejection(Sha256Hex.OfBytes(bytes), fault), Sha256Hex.OfBytes(bytes), options.Default);
        }

        if (!ArticleMessage.TryParse(json, out var article, out var rejection))
        {
            return ParsedArticle.Rejected(rejection, Sha256Hex.OfBytes(bytes), options.Default);
        }

        var text = article.Blob is { } blob ? await texts.ReadAsync(blob, cancellationToken) : new ArticleText(article.Text, null);
        return text.Reason is { } reason
            ? ParsedArticle.Rejected(new ArticleRejection(article.Id, reason) { Classifier = article.Classifier }, Sha256Hex.OfBytes(bytes), options.Default)
            : new ParsedArticle(article, article.Classifier ?? options.Default, article.WithTitle(text.Text!), null);
    }

    /// <returns>Null, or why the body is no text.</returns>
    private static string? Decode(BinaryData body, out byte[] bytes, out string json)
    {
        (bytes, json) = (body.ToArray(), "");
        var decoded = new byte[bytes.Length];
        if (!Convert.TryFromBase64String(Encoding.Latin1.GetString(bytes), decoded, out var length))
        {
            return "The message is not Base64, which every message of this queue must be: set the encoding of your queue client to Base64.";
        }

        try
        {
            bytes = decoded[..length];
            json = StrictUtf8.GetString(bytes);
            return null;
        }
        catch (DecoderFallbackException exception)
        {
            return $"The message is not UTF-8 (byte {exception.Index:N0}).";
        }
    }
}
