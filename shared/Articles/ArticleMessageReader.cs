using System.Diagnostics.CodeAnalysis;
using System.Text;
using Azure.Storage.Queues.Models;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.Articles;

/// <summary>Reads messages of the queue <c>articles</c>.</summary>
/// <remarks>
/// Base64 is decoded here and not by the Functions host (host.json: <c>messageEncoding</c> none). The host moves a message that it cannot
/// decode to the poison queue without a result; here the sender gets a rejected result that names the cause.
/// </remarks>
public sealed class ArticleMessageReader(ArticleBlobStore texts, ClassifierOptions options, TimeProvider time)
{
    /// <summary>Parses a message. Never throws: a message that is not valid comes back as a rejection.</summary>
    internal ReceivedArticle Parse(QueueMessage message)
    {
        var body = message.Body.ToArray();
        if (!TryDecodeBase64(body, out var content))
        {
            return Reject(message, body, "The message is not Base64. Set the message encoding of your queue client to Base64.");
        }

        if (!StrictUtf8.TryDecode(content, out var text, out var invalidByte))
        {
            return Reject(message, content, $"The message is not Base64 of UTF-8 text: it is {StrictUtf8.Describe(content, invalidByte)}.");
        }

        return ArticleMessage.TryParse(text, out var article, out var rejection)
            ? ReceivedArticle.From(message, article, Sha256Hex.HashBytes(content), options.Default, time.GetUtcNow())
            : Reject(message, content, rejection);
    }

    /// <summary>Reads the text of an article whose message names a blob. Throws only storage errors.</summary>
    internal async Task<ReceivedArticle> ReadTextAsync(ReceivedArticle article, CancellationToken cancellationToken)
    {
        if (article.Rejection is not null || article.Message.Blob is not { } blob)
        {
            return article;
        }

        var read = await texts.ReadAsync(blob, cancellationToken);
        return read.Reason is { } reason ? article.Reject(reason) : article.WithText(read.Text!);
    }

    private static bool TryDecodeBase64(byte[] message, [NotNullWhen(true)] out byte[]? content)
    {
        var buffer = new byte[message.Length];
        content = Convert.TryFromBase64String(Encoding.Latin1.GetString(message), buffer, out var length) ? buffer[..length] : null;
        return content is not null;
    }

    private ReceivedArticle Reject(QueueMessage message, byte[] content, string reason)
    {
        // A sender who forgot Base64 looks for the result under the id that the article has.
        var rejection = StrictUtf8.TryDecode(content, out var text, out _)
            ? ArticleJson.Reject(text, reason)
            : new ArticleRejection(Sha256Hex.HashBytes(content), reason);
        return Reject(message, content, rejection);
    }

    private ReceivedArticle Reject(QueueMessage message, byte[] content, ArticleRejection rejection)
    {
        var article = new ArticleMessage(rejection.Id) { Classifier = rejection.Classifier };
        return ReceivedArticle.From(message, article, Sha256Hex.HashBytes(content), options.Default, time.GetUtcNow()).Reject(rejection.Reason);
    }
}
