namespace Serverless.Training;

/// <summary>One training: a row of the table <c>trainingruns</c>.</summary>
/// <param name="Classifier">The partition key.</param>
/// <param name="Version">The row key, and the name of the version that the training creates.</param>
public sealed record TrainingRun(string Classifier, string Version)
{
    public required TrainingState State { get; init; }

    /// <summary>From 0 to 1.</summary>
    public double Progress { get; init; }

    /// <summary>The current step, in words: "step 40 of 120".</summary>
    public string? Step { get; init; }

    /// <summary>Why the run was refused or failed, or the gate's verdict.</summary>
    public string? Reason { get; init; }

    public string? Dataset { get; init; }

    public string? DatasetETag { get; init; }

    public string? BaseModel { get; init; }

    public DateTimeOffset? RequestedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why the functions could not use the version, so that the one before it keeps serving. Null if it can be used.</summary>
    public string? ServingProblem { get; init; }

    /// <summary>When a person promoted the version; null if it was not promoted by a person.</summary>
    public DateTimeOffset? PromotedAt { get; init; }

    /// <summary>Metrics by name, such as <c>accuracy</c>, <c>f1</c>, <c>loss</c>.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
}
