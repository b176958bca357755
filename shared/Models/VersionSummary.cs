using System.Text.Json;
using Serverless.Training;

namespace Serverless.Models;

public enum VersionState
{
    /// <summary>The pointer names it.</summary>
    Serving,

    /// <summary>It passed the gate, or a person let it serve; another version serves now.</summary>
    Published,

    /// <summary>It never served: the gate refused it, or its training did not come to an end. A person may promote it.</summary>
    Candidate,

    /// <summary>It was to serve, and the functions could not use it; see the reason.</summary>
    Failed,
}

/// <summary>A version for the eyes. Figures are those on the held-out rows, null where its <c>metrics.json</c> has none.</summary>
/// <param name="MacroF1">The mean of the F1 of all labels, each counting the same.</param>
/// <param name="F1">The mean of the F1 of all labels, weighted by their rows.</param>
/// <param name="HeldOut">How many rows the figures are of.</param>
/// <param name="Gate">What the gate said, for a person.</param>
/// <param name="Reason">Why it failed, or is no more than a candidate.</param>
/// <param name="Dataset">The blob in the container <c>datasets</c> that it was trained on.</param>
/// <param name="Files">What can be looked at: adapter, labels, metrics, plots, report.</param>
public sealed record VersionSummary(
    string Version,
    DateTimeOffset Created,
    VersionState State,
    double? Accuracy,
    double? MacroF1,
    double? Precision,
    double? Recall,
    double? F1,
    double? Loss,
    double? CalibrationError,
    int? HeldOut,
    string? Gate,
    string? Reason,
    string BaseModel,
    string? Dataset,
    IReadOnlyList<string> Files)
{
    /// <param name="version">As it lies in storage.</param>
    /// <param name="run">The training that made it; null for a version that was uploaded by hand.</param>
    public static VersionSummary Of(ModelVersion version, TrainingRun? run)
    {
        var heldOut = Member(version.Metrics, "heldOut");
        return new VersionSummary(
            version.Version,
            version.Manifest.Created,
            StateOf(version, run),
            Number(heldOut, "accuracy"),
            Number(heldOut, "macroF1") ?? MeanOfLabels(heldOut, "f1"),
            Number(heldOut, "precision"),
            Number(heldOut, "recall"),
            Number(heldOut, "f1"),
            Number(heldOut, "loss"),
            Number(heldOut, "calibrationError"),
            (int?)Number(heldOut, "rows"),
            Member(Member(version.Metrics, "gate"), "reason") is { ValueKind: JsonValueKind.String } gate ? gate.GetString() : null,
            run?.ServingProblem ?? (run?.State is TrainingState.Refused or TrainingState.Failed ? run.Reason : null),
            version.Manifest.BaseModel,
            version.Manifest.Dataset,
            [.. version.Manifest.Files.Keys.Order(StringComparer.Ordinal)]);
    }

    internal static VersionState StateOf(ModelVersion version, TrainingRun? run) => run switch
    {
        { ServingProblem: not null } => VersionState.Failed,
        _ when version.Serving => VersionState.Serving,
        null or { State: TrainingState.Published } or { PromotedAt: not null } => VersionState.Published,
        _ => VersionState.Candidate,
    };

    private static double? MeanOfLabels(JsonElement? heldOut, string name) =>
        Member(heldOut, "perLabel") is { ValueKind: JsonValueKind.Array } labels && labels.GetArrayLength() > 0
            ? labels.EnumerateArray().Average(label => Number(label, name))
            : null;

    // A version may come from elsewhere, with metrics of another shape or none: then a figure is missing, and nothing else.
    private static double? Number(JsonElement? element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    private static JsonElement? Member(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var member) ? member : null;
}
