using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

public enum ClassificationStatus
{
    /// <summary>The model classified the article.</summary>
    Classified,

    /// <summary>The article cannot be classified as it was sent; see the reason.</summary>
    Rejected,

    /// <summary>All attempts failed; the message is in the poison queue.</summary>
    Failed,
}

/// <summary>The result of one article: the blob <c>results/{classifier}/{hash}.json</c>, and in short its table row.</summary>
public sealed record ClassificationResult
{
    public required string Id { get; init; }

    public required string Classifier { get; init; }

    public required ClassificationStatus Status { get; init; }

    /// <summary>Why the article was rejected or has failed; null if it was classified.</summary>
    public string? Reason { get; init; }

    public string? Label { get; init; }

    /// <summary>The calibrated probability of <see cref="Label"/>.</summary>
    public double? Score { get; init; }

    public IReadOnlyDictionary<string, double>? Probabilities { get; init; }

    public string? ModelVersion { get; init; }

    public int? Tokens { get; init; }

    /// <summary>True if the text is longer than the model reads; only its beginning was used.</summary>
    public bool? Truncated { get; init; }

    public string? Title { get; init; }

    public string? Source { get; init; }

    /// <summary>SHA-256 of the text that was classified, or of the raw message if the text could not be read.</summary>
    public required string TextHash { get; init; }

    /// <summary>
    /// When the message was enqueued: decides which of two texts with the same id is newer. Null if it is not known; such a result counts as
    /// older than any other.
    /// </summary>
    public DateTimeOffset? InsertedOn { get; init; }

    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>True if this result replaced one for another text of the same id.</summary>
    public bool Replaced { get; init; }

    /// <summary>True if the score is below the classifier's threshold, so that a person should check the label.</summary>
    public bool Review { get; init; }

    /// <summary>From the enqueuing to the start of processing, in milliseconds.</summary>
    public double? QueueMilliseconds { get; init; }

    /// <summary>From the request to the start of the forward pass, in milliseconds.</summary>
    public double? WaitMilliseconds { get; init; }

    /// <summary>The forward pass of the whole micro-batch, in milliseconds.</summary>
    public double? ForwardMilliseconds { get; init; }

    /// <summary>SHA-256 of the id, for blob names and row keys: ids may have any characters.</summary>
    public string ArticleHash() => Sha256Hex.HashText(Id);

    public string ToJson() => JsonSerializer.Serialize(this, StorageJson.Options);

    public static ClassificationResult Parse(BinaryData json) =>
        json.ToObjectFromJson<ClassificationResult>(StorageJson.Options) ?? throw new FormatException("The blob is not a classification result.");
}
