using System.Globalization;
using Serverless.Trainer.Training;
using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>A bar on the terminal, with one line above it for each evaluation.</summary>
internal sealed class LiveProgress(IAnsiConsole console, ProgressTask bar) : IProgress<TrainingProgress>
{
    // A single step's loss jumps about; this shows about the last fifty.
    private const double Smoothing = 0.98;

    private double? loss;

    public void Report(TrainingProgress value)
    {
        loss = loss is { } before ? (Smoothing * before) + ((1 - Smoothing) * value.Loss) : value.Loss;
        bar.MaxValue = value.Steps;
        bar.Value = value.Step;
        bar.Description = string.Create(
            CultureInfo.InvariantCulture,
            $"step {value.Step}/{value.Steps}  loss {loss:0.000}  lr {value.LearningRate:0.0e+0}  " +
            $"{value.ArticlesPerSecond:0} articles/s  {value.Remaining:h\\:mm\\:ss} left");
        if (value.Evaluation is { } evaluation)
        {
            console.MarkupLineInterpolated(
                CultureInfo.InvariantCulture,
                $"step {evaluation.Step}: held-out loss {evaluation.Loss:0.000}, accuracy [green]{evaluation.Accuracy:0.0000}[/]");
        }
    }
}
