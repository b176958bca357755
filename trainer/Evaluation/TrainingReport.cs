using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Serverless.Trainer.Evaluation;

/// <summary><c>metrics.json</c>: the metrics of an adapter, stored with it.</summary>
/// <param name="HeldOut">On all held-out rows, on which the checkpoint was selected and the temperature was fitted.</param>
/// <param name="Test">On the rows marked test, evaluated once at the end; null without such rows.</param>
/// <param name="TruncatedArticles">Articles that were longer than <c>max_length</c>.</param>
/// <param name="Gate">The comparison with the serving version; null if there was none.</param>
internal sealed record TrainingReport(
    string Dataset,
    string BaseModel,
    int TrainRows,
    int TruncatedArticles,
    ClassificationMetrics HeldOut,
    ClassificationMetrics? Test,
    TrainingSummary Training,
    IReadOnlyList<string> Notes,
    GateVerdict? Gate = null)
{
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson);

    private static JsonSerializerOptions ReportJson { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        // The loss of an evaluation that overflowed in fp16 is written as "NaN" or "Infinity"; readers treat it as missing.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };
}
