namespace Serverless.Reviews;

/// <summary>A classified article to be reviewed, as <see cref="ReviewStore.EnqueueAsync"/> takes it.</summary>
public sealed record ReviewCandidate
{
    public required string Classifier { get; init; }

    public required string Id { get; init; }

    /// <summary>SHA-256 of the text that was classified, title included.</summary>
    public required string TextHash { get; init; }

    /// <summary>Null if <see cref="Blob"/> names where the text is.</summary>
    public string? Text { get; init; }

    /// <summary>A blob in the container <c>articles</c>; null if <see cref="Text"/> is set.</summary>
    public string? Blob { get; init; }

    public string? Title { get; init; }

    /// <summary>The predicted label.</summary>
    public string? Label { get; init; }

    /// <summary>The calibrated probability of <see cref="Label"/>.</summary>
    public double? Score { get; init; }

    public IReadOnlyDictionary<string, double>? Probabilities { get; init; }

    public string? ModelVersion { get; init; }

    /// <summary>When the prediction was made.</summary>
    public required DateTimeOffset Time { get; init; }
}
