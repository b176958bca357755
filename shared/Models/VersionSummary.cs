using System.Text.Json;
using Serverless.Training;

namespace Serverless.Models;

/// <summary>A model version as the API lists it. Metrics are those of the held-out rows; null where <c>metrics.json</c> lacks them.</summary>
/// <param name="MacroF1">The mean of the F1 of all labels, unweighted.</param>
/// <param name="F1">The mean of the F1 of all labels, weighted by their rows.</param>
/// <param name="HeldOut">The number of held-out rows.</param>
/// <param name="Gate">The gate's verdict, in words.</param>
/// <param name="Reason">Why it failed or is only a candidate.</param>
/// <param name="Dataset">The blob in the container <c>datasets</c> that it was trained on.</param>
/// <param name="Files">The names of its files: adapter, labels, metrics, plots, report.</param>
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
    /// <param name="version">The version in storage.</param>
    /// <param name="run">The training that made it; null for a version that was uploaded by hand.</param>
    /// <param name="isServing">Whether the pointer names it.</param>
    internal static VersionSummary Create(ModelVersion version, TrainingRun? run, bool isServing)
    {
        var heldOut = Member(version.Metrics, "heldOut");
        return new VersionSummary(
            version.Version,
            version.Manifest.Created,
            GetState(run, isServing),
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

    internal static VersionState GetState(TrainingRun? run, bool isServing) => run switch
    {
        { ServingProblem: not null } => VersionState.Failed,
        _ when isServing => VersionState.Serving,
        null or { State: TrainingState.Published } or { PromotedAt: not null } => VersionState.Published,
        _ => VersionState.Candidate,
    };

    private static double? MeanOfLabels(JsonElement? heldOut, string name) =>
        Member(heldOut, "perLabel") is { ValueKind: JsonValueKind.Array } labels && labels.GetArrayLength() > 0
            ? labels.EnumerateArray().Average(label => Number(label, name))
            : null;

    // A version that was made elsewhere may have metrics of another shape: only the figures that are missing are null.
    private static double? Number(JsonElement? element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    private static JsonElement? Member(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var member) ? member : null;
}
