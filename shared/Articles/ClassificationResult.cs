using System.Text.Json;
using Serverless.Storage;

namespace Serverless.Articles;

public enum ClassificationStatus
{
    /// <summary>The model gave an answer.</summary>
    Classified,

    /// <summary>The article can never be classified as it was sent; see the reason.</summary>
    Rejected,

    /// <summary>All attempts failed; the message lies in the poison queue.</summary>
    Failed,
}

/// <summary>What became of one article: the blob <c>results/{classifier}/{hash}.json</c>, and in short its table row.</summary>
public sealed record ClassificationResult
{
    public required string Id { get; init; }

    public required string Classifier { get; init; }

    public required ClassificationStatus Status { get; init; }

    /// <summary>Why the article was rejected or failed; null if it was classified.</summary>
    public string? Reason { get; init; }

    public string? Label { get; init; }

    /// <summary>The calibrated probability of <see cref="Label"/>.</summary>
    public double? Score { get; init; }

    public IReadOnlyDictionary<string, double>? Probabilities { get; init; }

    public string? ModelVersion { get; init; }

    public int? Tokens { get; init; }

    /// <summary>True when the text was longer than the model reads; only its beginning was used.</summary>
    public bool? Truncated { get; init; }

    public string? Title { get; init; }

    public string? Source { get; init; }

    /// <summary>SHA-256 of the text that was classified; of the raw message where no text could be had.</summary>
    public required string TextHash { get; init; }

    /// <summary>
    /// When the message was put on the queue: decides which of two texts with the same id is the newer. Null where it is not
    /// known, and then older than any.
    /// </summary>
    public DateTimeOffset? InsertedOn { get; init; }

    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>True when this result took the place of one for another text of the same id.</summary>
    public bool Replaced { get; init; }

    /// <summary>True when the score is below the classifier's threshold, so that a person should have a look.</summary>
    public bool Review { get; init; }

    /// <summary>From the queue to the start of work, in milliseconds.</summary>
    public double? QueueMilliseconds { get; init; }

    /// <summary>Waiting for the model, in milliseconds.</summary>
    public double? WaitMilliseconds { get; init; }

    /// <summary>The forward pass of the micro-batch, in milliseconds.</summary>
    public double? ForwardMilliseconds { get; init; }

    /// <summary>SHA-256 of the id: no id escapes its place.</summary>
    public string ArticleHash() => Sha256Hex.OfText(Id);

    public string ToJson() => JsonSerializer.Serialize(this, StorageJson.Options);

    public static ClassificationResult Parse(BinaryData json) =>
        json.ToObjectFromJson<ClassificationResult>(StorageJson.Options) ?? throw new FormatException("The blob holds no classification result.");
}
