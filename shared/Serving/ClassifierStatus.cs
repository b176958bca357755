using System.Text.Json.Serialization;

namespace Serverless.Serving;

public enum ModelState
{
    /// <summary>Nothing was asked yet, so nothing is loaded.</summary>
    Cold,

    Loading,

    Ready,

    /// <summary>The last load failed; it is tried again.</summary>
    Failed,
}

/// <summary>How one classifier stands.</summary>
/// <param name="Version">The version that serves.</param>
/// <param name="Merged">True once the version is merged into the base; until then it computes beside it.</param>
/// <param name="Problem">Why the load failed, or why a newer version was not taken.</param>
public sealed record ClassifierStatus(string Name, ModelState State, string? Version = null, bool Merged = false, string? Problem = null);

/// <summary>How the process stands.</summary>
/// <param name="State">Ready once one classifier serves; else failed, loading or cold, in this order.</param>
/// <param name="Version">The version of the default classifier that serves.</param>
/// <param name="InFlight">Texts that are inside.</param>
public sealed record ServingStatus(ModelState State, string BaseModel, string? Version, [property: JsonPropertyName("waiting")] int InFlight, IReadOnlyList<ClassifierStatus> Classifiers)
{
    /// <summary>False only after a failed load, so that a cold process is never taken for a broken one.</summary>
    public bool Healthy => State != ModelState.Failed;
}
