using System.Text;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>
/// From a message of the queue <c>articles</c> to a result. What a sender did wrong becomes a rejected result, since trying
/// again would not help; what went wrong here is thrown, so that the queue delivers the message again.
/// </summary>
public sealed class ArticleProcessor(
    ArticleClassifier classifier, ArticleTexts texts, ArticleSender sender, ResultStore results, ClassifierOptions options, TimeProvider time, ILogger<ArticleProcessor> log)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Classifies the article of a message, unless it has a final result already.</summary>
    public async Task<ResultWrite> ProcessAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var arrivedAt = time.GetUtcNow();
        var insertedOn = message.InsertedOn ?? arrivedAt;
        var (article, rejected) = await ReadAsync(message.Body, insertedOn, cancellationToken);
        if (rejected is not null)
        {
            log.LogWarning("Article {ArticleId} was rejected: {Reason}", rejected.Id, rejected.Reason);
            return await results.WriteAsync(rejected, cancellationToken);
        }

        var accepted = article!;
        if (await results.SettleAsync(accepted.Classifier, accepted.Message.Id, accepted.TextHash, insertedOn, cancellationToken) is { } settled)
        {
            log.LogDebug("Article {ArticleId} needs no forward pass: {Outcome}", accepted.Message.Id, settled);
            return settled;
        }

        var result = await AnswerAsync(accepted, message, arrivedAt, cancellationToken);

        // Before the result: after a crash in between the article is asked for twice, which beats never.
        if (result.Score < options.ReviewThreshold)
        {
            await sender.SendForReviewAsync(accepted.Message, result, cancellationToken);
        }

        log.LogDebug("Article {ArticleId} is {Label} ({Score:0.000}) by {Version}", result.Id, result.Label, result.Score, result.ModelVersion);
        return await results.WriteAsync(result, cancellationToken);
    }

    /// <summary>Sees to it that an article of the poison queue has a result: the last attempt's, unless the process died in all of them.</summary>
    public async Task<ResultWrite> RecordFailureAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var insertedOn = message.InsertedOn ?? time.GetUtcNow();
        var (article, rejected) = await ReadAsync(message.Body, insertedOn, cancellationToken);
        var result = rejected ?? article!.Result(ClassificationStatus.Failed, insertedOn, time.GetUtcNow()) with
        {
            Reason = "No attempt at this article came to an end; the log says more. Send it again to have it tried again.",
        };
        log.LogError("Article {ArticleId} of the classifier {Classifier} failed on every attempt", result.Id, result.Classifier);
        var stored = await results.FindAsync(result.Classifier, result.Id, cancellationToken);
        return stored?.TextHash == result.TextHash ? ResultWrite.AlreadyFinal : await results.WriteAsync(result, cancellationToken);
    }

    private async Task<ClassificationResult> AnswerAsync(AcceptedArticle article, QueueMessage message, DateTimeOffset arrivedAt, CancellationToken cancellationToken)
    {
        var insertedOn = message.InsertedOn ?? arrivedAt;
        try
        {
            var answer = await classifier.ClassifyAsync(article.Classifier, article.Text, cancellationToken);
            return article.Result(ClassificationStatus.Classified, insertedOn, time.GetUtcNow()) with
            {
                Label = answer.Label,
                Score = answer.Score,
                Probabilities = answer.Probabilities,
                ModelVersion = answer.ModelVersion,
                Tokens = answer.Tokens,
                Truncated = answer.Truncated,
                QueueMilliseconds = Math.Max(0, (arrivedAt - insertedOn).TotalMilliseconds),
                WaitMilliseconds = answer.WaitMilliseconds,
                ForwardMilliseconds = answer.ForwardMilliseconds,
            };
        }
        catch (UnknownClassifierException exception)
        {
            log.LogWarning("Article {ArticleId} was rejected: {Reason}", article.Message.Id, exception.Message);
            return article.Result(ClassificationStatus.Rejected, insertedOn, time.GetUtcNow()) with { Reason = exception.Message };
        }
        catch (Exception exception) when (message.DequeueCount >= ArticleLimits.Attempts && !cancellationToken.IsCancellationRequested)
        {
            var failed = article.Result(ClassificationStatus.Failed, insertedOn, time.GetUtcNow()) with
            {
                Reason = $"The last of {ArticleLimits.Attempts} attempts failed: {exception.Message} Send the article again to have it tried again.",
            };
            await results.WriteAsync(failed, cancellationToken);
            throw;
        }
    }

    private async Task<(AcceptedArticle? Article, ClassificationResult? Rejected)> ReadAsync(BinaryData body, DateTimeOffset insertedOn, CancellationToken cancellationToken)
    {
        var bodyHash = Sha256Hex.OfBytes(body);
        string json;
        try
        {
            json = StrictUtf8.GetString(body);
        }
        catch (DecoderFallbackException exception)
        {
            return (null, Rejected(new ArticleRejection(bodyHash, $"The message is not UTF-8 (byte {exception.Index:N0}).")));
        }

        if (!ArticleMessage.TryParse(json, out var article, out var rejection))
        {
            return (null, Rejected(rejection));
        }

        var text = article.Blob is { } blob ? await texts.ReadAsync(blob, cancellationToken) : new ArticleText(article.Text, null);
        return text.Reason is { } reason
            ? (null, Rejected(new ArticleRejection(article.Id, reason) { Classifier = article.Classifier }))
            : (new AcceptedArticle(article, article.Classifier ?? options.Default, article.WithTitle(text.Text!)), null);

        ClassificationResult Rejected(ArticleRejection rejection) => new()
        {
            Id = rejection.Id,
            Classifier = rejection.Classifier ?? options.Default,
            Status = ClassificationStatus.Rejected,
            Reason = rejection.Reason,
            TextHash = bodyHash,
            InsertedOn = insertedOn,
            CompletedAt = time.GetUtcNow(),
        };
    }

    private sealed record AcceptedArticle(ArticleMessage Message, string Classifier, string Text)
    {
        public string TextHash { get; } = Sha256Hex.OfText(Text);

        public ClassificationResult Result(ClassificationStatus status, DateTimeOffset insertedOn, DateTimeOffset completedAt) => new()
        {
            Id = Message.Id,
            Classifier = Classifier,
            Status = status,
            Title = Message.Title,
            Source = Message.Source,
            TextHash = TextHash,
            InsertedOn = insertedOn,
            CompletedAt = completedAt,
        };
    }
}
