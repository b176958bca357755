using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Serverless.Trainer.Evaluation;

/// <summary><c>metrics.json</c>: what is known of an adapter, saved with it.</summary>
/// <param name="HeldOut">On all held-out rows, by which the checkpoint was chosen and the temperature fitted.</param>
/// <param name="Test">On the rows marked test, measured once after everything was chosen; null where there are none.</param>
/// <param name="TruncatedArticles">Articles that were longer than <c>max_length</c>.</param>
/// <param name="Gate">How it compares with the version that served; null where nobody asked.</param>
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
        // An evaluation that overflowed in fp16 has no loss: a word stands there, which readers take for a figure that is missing.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };
}
