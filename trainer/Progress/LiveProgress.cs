using Serverless.Trainer.Training;
using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>Shows a progress bar on the terminal, and one line above it per evaluation.</summary>
internal sealed class LiveProgress(IAnsiConsole console, ProgressTask bar) : IProgress<TrainingProgress>
{
    // The loss of a single step is noisy: this shows a moving average over about 50 steps, or a twentieth of a short training.
    private const int MaxSmoothedSteps = 50;

    private double? loss;

    /// <summary>The width of the bar in characters: a quarter of the terminal.</summary>
    public static int BarWidth(IAnsiConsole console) => Math.Clamp(console.Profile.Width / 4, 8, 40);

    public void Report(TrainingProgress value)
    {
        var steps = Math.Clamp(value.Steps / 20, 1, MaxSmoothedSteps);
        loss = loss is { } before && double.IsFinite(value.Loss) ? before + ((value.Loss - before) / steps) : loss ?? value.Loss;
        bar.MaxValue = value.Steps;
        bar.Value = value.Step;
        // 8 characters remain for the percentage and the spaces around each column.
        bar.Description = Markup.Escape(ProgressLine.Format(value, loss.Value, console.Profile.Width - BarWidth(console) - 8));
        if (value.Evaluation is { } evaluation)
        {
            console.WriteLine(ProgressLine.Format(evaluation, value.Steps));
        }
    }
}
