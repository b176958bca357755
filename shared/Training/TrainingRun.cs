namespace Serverless.Training;

public enum TrainingState
{
    Queued,
    Running,

    /// <summary>The new version passed the gate and serves.</summary>
    Published,

    /// <summary>The data set could not be used, or the gate found the new version worse; see the reason.</summary>
    Refused,

    /// <summary>The training broke off; see the reason.</summary>
    Failed,
}

/// <summary>A row of the table <c>trainingruns</c>: one training, from its request to its end.</summary>
/// <param name="Classifier">The partition key.</param>
/// <param name="Version">The row key, and the name of the version that the run makes.</param>
public sealed record TrainingRun(string Classifier, string Version)
{
    public required TrainingState State { get; init; }

    /// <summary>From 0 to 1.</summary>
    public double Progress { get; init; }

    /// <summary>What is being done, for people: "step 40 of 120".</summary>
    public string? Step { get; init; }

    /// <summary>Why the run was refused or failed, or what the gate said.</summary>
    public string? Reason { get; init; }

    public string? Dataset { get; init; }

    public string? DatasetETag { get; init; }

    public string? BaseModel { get; init; }

    public DateTimeOffset? RequestedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why the functions could not use the version that the run made; the one before it serves on. Null if nothing is wrong.</summary>
    public string? ServingProblem { get; init; }

    /// <summary>When a person let the version serve; null if nobody did.</summary>
    public DateTimeOffset? PromotedAt { get; init; }

    /// <summary>Named figures such as <c>accuracy</c>, <c>f1</c>, <c>loss</c>.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
}
