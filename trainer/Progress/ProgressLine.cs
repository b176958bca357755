using System.Globalization;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Progress;

/// <summary>Formats the state of a training as one line, the most important fields first.</summary>
internal static class ProgressLine
{
    /// <param name="loss">The loss to show, a mean over several steps.</param>
    /// <param name="width">The maximum number of characters; fields at the end are omitted if they do not fit.</param>
    public static string Format(TrainingProgress progress, double loss, int width = int.MaxValue)
    {
        var steps = progress.Steps.ToString(CultureInfo.InvariantCulture);
        var step = progress.Step.ToString(CultureInfo.InvariantCulture).PadLeft(steps.Length);
        string[] fields =
        [
            $"step {step}/{steps}",
            string.Create(CultureInfo.InvariantCulture, $"loss {loss:0.000}"),
            string.Create(CultureInfo.InvariantCulture, $"{Time(progress.Remaining)} left"),
            string.Create(CultureInfo.InvariantCulture, $"{progress.ArticlesPerSecond:0} articles/s"),
            string.Create(CultureInfo.InvariantCulture, $"lr {progress.LearningRate:0.0e+0}"),
            progress.GpuMemory is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"GPU {bytes / 1e9:0.0} GB") : "",
        ];
        var line = fields[0];
        foreach (var field in fields.Skip(1).Where(field => field.Length > 0 && line.Length + 2 + field.Length <= width))
        {
            line += $"  {field}";
        }

        return line;
    }

    public static string Format(EvaluationPoint evaluation, int steps) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {evaluation.Step}/{steps}  held-out loss {evaluation.Loss:0.000}  accuracy {evaluation.Accuracy:0.0000}") +
        (evaluation.MacroF1 is { } f1 ? string.Create(CultureInfo.InvariantCulture, $"  macro F1 {f1:0.0000}") : "");

    private static string Time(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time:mm\\:ss}")
        : string.Create(CultureInfo.InvariantCulture, $"{time:m\\:ss}");
}
