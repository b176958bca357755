using System.Text.Json.Serialization;

namespace Serverless.Serving;

public enum ModelState
{
    /// <summary>No request yet, so nothing is loaded.</summary>
    Cold,

    Loading,

    Ready,

    /// <summary>The last load failed; it is retried.</summary>
    Failed,
}

/// <summary>The status of one classifier.</summary>
/// <param name="Name">The classifier's name.</param>
/// <param name="State">Whether it is loaded.</param>
/// <param name="Version">The version that serves.</param>
/// <param name="Merged">True once the version is merged into the base; until then its adapter is applied beside it.</param>
/// <param name="Problem">Why the load failed, or why a newer version is not used.</param>
public sealed record ClassifierStatus(string Name, ModelState State, string? Version = null, bool Merged = false, string? Problem = null);

/// <summary>The status of the process.</summary>
/// <param name="State">Failed if the default classifier failed; else ready if one classifier is; else failed, loading or cold, in this order.</param>
/// <param name="BaseModel">The base model of all classifiers.</param>
/// <param name="Version">The version of the default classifier that serves.</param>
/// <param name="InFlight">Texts that wait or are being classified.</param>
/// <param name="Classifiers">The classifiers that were used in this process, by name.</param>
public sealed record ServingStatus(
    ModelState State, string BaseModel, string? Version, [property: JsonPropertyName("waiting")] int InFlight, IReadOnlyList<ClassifierStatus> Classifiers)
{
    /// <summary>False only after a failed load, so that a cold process counts as healthy.</summary>
    public bool Healthy => State != ModelState.Failed;

    /// <param name="baseModel">The base model of all classifiers.</param>
    /// <param name="defaultClassifier">The name of the default classifier. That another one is ready does not make up for its failure.</param>
    /// <param name="inFlight">Texts that wait or are being classified.</param>
    /// <param name="classifiers">The classifiers that were used in this process.</param>
    internal static ServingStatus Create(string baseModel, string defaultClassifier, int inFlight, IEnumerable<ClassifierStatus> classifiers)
    {
        ClassifierStatus[] all = [.. classifiers.OrderBy(status => status.Name, StringComparer.Ordinal)];
        var main = all.FirstOrDefault(status => status.Name == defaultClassifier);
        ModelState[] order = main?.State == ModelState.Failed
            ? [ModelState.Failed]
            : [ModelState.Ready, ModelState.Failed, ModelState.Loading];
        var state = order.FirstOrDefault(state => all.Any(status => status.State == state), ModelState.Cold);
        return new ServingStatus(state, baseModel, main?.Version, inFlight, all);
    }
}
