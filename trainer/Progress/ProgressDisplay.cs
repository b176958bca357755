using System.Text;
using Serverless.Trainer.Training;
using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>Shows a training: live where the log is a terminal, as plain lines elsewhere.</summary>
internal static class ProgressDisplay
{
    /// <param name="training">Gets what to report to, and where to write lines meanwhile: on a terminal they go above the bar.</param>
    public static T Show<T>(TextWriter log, int loggingSteps, Func<IProgress<TrainingProgress>, TextWriter, T> training)
    {
        if (log != Console.Error || Console.IsErrorRedirected)
        {
            return training(new PlainProgress(log, loggingSteps), log);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        using var lines = new LinesAbove(console);
        return console.Progress()
            .AutoClear(false)
            .Columns(new ProgressBarColumn { Width = LiveProgress.BarWidth(console) }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => training(new LiveProgress(console, context.AddTask("reading")), lines));
    }

    private sealed class LinesAbove(IAnsiConsole console) : TextWriter
    {
        private readonly StringBuilder line = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            if (value == '\n')
            {
                console.WriteLine(line.ToString());
                line.Clear();
            }
            else if (value != '\r')
            {
                line.Append(value);
            }
        }
    }
}
