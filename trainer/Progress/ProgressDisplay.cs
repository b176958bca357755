using Serverless.Trainer.Training;
using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>Shows a training: live where the log is a terminal, as plain lines elsewhere.</summary>
internal static class ProgressDisplay
{
    public static T Show<T>(TextWriter log, int loggingSteps, Func<IProgress<TrainingProgress>, T> training)
    {
        if (log != Console.Error || Console.IsErrorRedirected)
        {
            return training(new PlainProgress(log, loggingSteps));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress()
            .AutoClear(false)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new SpinnerColumn())
            .Start(context => training(new LiveProgress(console, context.AddTask("starting"))));
    }
}
