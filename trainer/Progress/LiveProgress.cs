using Serverless.Trainer.Training;
using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>A bar on the terminal, with one line above it for each evaluation.</summary>
internal sealed class LiveProgress(IAnsiConsole console, ProgressTask bar) : IProgress<TrainingProgress>
{
    // A single step's loss jumps about; this shows about the last fifty, or the last twentieth of a short training.
    private const int MaxSmoothedSteps = 50;

    private double? loss;

    /// <summary>Characters of the bar itself: a quarter of the terminal.</summary>
    public static int BarWidth(IAnsiConsole console) => Math.Clamp(console.Profile.Width / 4, 8, 40);

    public void Report(TrainingProgress value)
    {
        var steps = Math.Clamp(value.Steps / 20, 1, MaxSmoothedSteps);
        loss = loss is { } before && double.IsFinite(value.Loss) ? before + ((value.Loss - before) / steps) : loss ?? value.Loss;
        bar.MaxValue = value.Steps;
        bar.Value = value.Step;
        // Beside it: the percentage, and a space on either side of each column.
        bar.Description = Markup.Escape(ProgressLine.Format(value, loss.Value, console.Profile.Width - BarWidth(console) - 8));
        if (value.Evaluation is { } evaluation)
        {
            console.WriteLine(ProgressLine.Format(evaluation, value.Steps));
        }
    }
}
